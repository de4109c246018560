import { firstRunPasses } from './firstRun';
import type { VrrpFile } from './hostFile';
import { ownPatience } from './ownPatience';

/** Where HAProxy's package has it write the number of its process. */
export const balancerPidPath = '/run/haproxy.pid';

/**
 * A node whose HAProxy does not run answers nobody at the balanced ports: the address goes to one whose
 * HAProxy does. One that died is started again by systemd at once, which is no failure. Only a word of systemd
 * counts: on a busy computer it answers late on every manager at once, and then nobody would have the address.
 */
export const balancerCheckFile: VrrpFile = {
  path: '/etc/keepalived/swarm-balancer.sh',
  text: `#!/bin/sh
# Managed by the Pulumi package "swarm". Fails while HAProxy does not run.
${firstRunPasses('balancer')}
timeout 4 systemctl is-active --quiet haproxy.service
case $? in 0) exit 0 ;; 3 | 4) exit 1 ;; esac
# systemd itself does not answer: that says nothing of HAProxy, whose process does.
{ IFS= read -r pid < ${balancerPidPath}; } 2> /dev/null
[ -n "$pid" ] && kill -0 "$pid" 2> /dev/null
`,
  mode: 0o700,
};

export const balancerCheckBlock: readonly string[] = [
  'vrrp_script balancer {',
  `    script "${balancerCheckFile.path}"`,
  '    interval 1',
  ownPatience,
  '    fall 3',
  '    rise 1',
  '}',
  '',
];
