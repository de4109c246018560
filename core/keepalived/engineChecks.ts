import { firstRunPasses } from './firstRun';
import type { VrrpFile } from './hostFile';
import { ownPatience } from './ownPatience';

/**
 * Why a script that waits: keepalived 2.2 (Debian 12) starts scripts once a second at the most, and its
 * `track_process` needs the kernel's process connector, which no container has. So each run watches
 * the engine's process for most of its second and fails at once when it is gone or told to stop. That
 * costs a `systemctl show` and a `tail` per second, about 1 % of a core.
 *
 * A dead engine is followed without waiting for its restart: `dockerd` stops the containers that it
 * finds when it comes back (swarm forbids `live-restore`), so clients are better off elsewhere. The
 * address goes once; `nopreempt` keeps it from coming back with the engine.
 */
const engineProcess = `#!/bin/sh
# Managed by the Pulumi package "swarm". Fails as soon as the engine's process is gone or told to stop.
LC_ALL=C
export LC_ALL
shown=$(timeout 2 systemctl show --property=ActiveState --property=MainPID docker.service 2>/dev/null)
pid=0
case $shown in
  *ActiveState=active* | *ActiveState=reloading*)
    pid=\${shown#*MainPID=}
    pid=\${pid%%[!0-9]*}
    ;;
  *ActiveState=*) exit 1 ;;
  # systemd itself does not answer: that says nothing of the engine, whose process does.
  *) IFS= read -r pid < /run/docker.pid ;;
esac
[ "\${pid:-0}" -gt 0 ] || exit 1
timeout 0.7 tail --pid="$pid" --sleep-interval=0.05 --follow /dev/null > /dev/null 2>&1
[ $? -eq 124 ]
`;

/**
 * An engine may live and answer nobody. Where no client is installed that cannot be asked, and is no failure. One that
 * is late is compared with what the same client does without an engine, which takes some hundredths of a second: a
 * computer that is late with this as well says nothing of the engine.
 */
const engineAnswers = `#!/bin/sh
# Managed by the Pulumi package "swarm". Fails while the engine does not answer.
${firstRunPasses('answers')}
command -v docker > /dev/null || exit 0
client() { timeout -k 1 8 docker "$@" > /dev/null 2>&1; }
client --host unix:///var/run/docker.sock version && exit 0
case $? in 124 | 137) ;; *) exit 1 ;; esac
# In hundredths of a second.
now() { IFS=' ' read -r up idle < /proc/uptime; echo "\${up%.*}\${up#*.}"; }
began=$(now)
client --version
[ $(($(now) - began)) -gt 50 ]
`;

export const engineProcessFile: VrrpFile = {
  path: '/etc/keepalived/swarm-engine.sh',
  text: engineProcess,
  mode: 0o700,
};

export const engineAnswersFile: VrrpFile = {
  path: '/etc/keepalived/swarm-answers.sh',
  text: engineAnswers,
  mode: 0o700,
};

/**
 * The blocks of both. One failure of the first is enough: it saw the process go. The second takes three,
 * 5 s apart, since a busy host answers late.
 */
export const engineCheckBlocks: readonly string[] = [
  'vrrp_script engine {',
  `    script "${engineProcessFile.path}"`,
  '    interval 1',
  ownPatience,
  '    fall 1',
  '    rise 2',
  '}',
  '',
  'vrrp_script answers {',
  `    script "${engineAnswersFile.path}"`,
  '    interval 5',
  ownPatience,
  '    fall 3',
  '    rise 1',
  '}',
  '',
];
