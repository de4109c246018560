import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { isSystemdHost, machineCgroup } from './cgroups';
import {
  bridgeName,
  containerName,
  hardwareAddress,
  linkName,
  machinePaths,
  namespaceName,
  namespacePath,
  type LabDirectories,
} from './layout';
import { outsideMtu } from './labNetwork';
import { runnerMarker } from './processes';
import type { StoredMachine } from './records';
import { parseSubnet } from './subnet';
import { toolPath } from './tool';

/**
 * Keeps one machine: gives it a fresh network namespace, boots it, and when it ends takes the
 * namespace away with whatever still runs in it (PID 1 survives a killed systemd-nspawn), so that a dead machine's addresses (a virtual IP among them) answer no more. With
 * `--keep-unit` a reboot from inside is the exit code 133, and then all of it happens again: as on
 * hardware, nothing of the old network state is left.
 *
 * It is a fixed text; all values come as arguments. It traps signals, rather than ignoring them,
 * because what is ignored stays so in systemd-nspawn, which needs SIGTERM.
 */
const script = `
set -u
namespace=$1 link=$2 bridge=$3 address=$4 gateway=$5 mac=$6 mtu=$7 cgroup=$8
shift 8
trap : HUP INT TERM
down() {
  ip netns pids "$namespace" 2>/dev/null | while read -r pid; do kill -9 "$pid" 2>/dev/null; done
  ip netns delete "$namespace" 2>/dev/null
  ip link delete "$link" 2>/dev/null
  return 0
}
up() {
  ip netns add "$namespace" &&
  ip -n "$namespace" link set lo up &&
  ip link add "$link" type veth peer name eth0 netns "$namespace" address "$mac" &&
  ip link set "$link" master "$bridge" up &&
  ip -n "$namespace" address add "$address" broadcast + dev eth0 &&
  ip -n "$namespace" link set eth0 up &&
  ip -n "$namespace" route add default via "$gateway" mtu "$mtu" &&
  { [ -z "$cgroup" ] || mkdir -p "$cgroup"; }
}
while :; do
  down
  up || { down; exit 1; }
  "$@"
  code=$?
  down
  [ "$code" -eq 133 ] || exit "$code"
done
`;

/** Moves itself into the control group before it becomes the command. */
const enterCgroup = 'echo 0 > "$0/cgroup.procs" && exec "$@"';

/**
 * Boots a machine whose root directory is mounted. Returns at once; the machine outlives this
 * process: own session, console to its log file.
 */
export async function startMachine(
  directories: LabDirectories,
  record: StoredMachine,
): Promise<void> {
  const { lab, name } = record;
  const paths = machinePaths(directories, lab, name);
  const subnet = parseSubnet(record.subnet);
  const cgroup = isSystemdHost() ? '' : machineCgroup(lab, name);
  const inOwnGroup = isSystemdHost()
    ? ['systemd-run', '--scope', '--quiet', '--collect', '-p', 'Delegate=yes']
    : ['sh', '-c', enterCgroup, cgroup];
  const nspawn = [
    'systemd-nspawn',
    '--quiet',
    '--boot',
    '--register=no',
    '--keep-unit',
    '--capability=all',
    `--network-namespace-path=${namespacePath(lab, name)}`,
    `--bind=${paths.docker}:/var/lib/docker`,
    '--system-call-filter=@keyring bpf',
    '--resolv-conf=off',
    '--timezone=off',
    '--link-journal=no',
    `--directory=${paths.root}`,
    `--machine=${containerName(lab, name)}`,
    `--hostname=${name}`,
  ];
  const log = openSync(paths.console, 'a', 0o600);
  try {
    const runner = spawn(
      'sh',
      [
        '-c',
        script,
        runnerMarker,
        namespaceName(lab, name),
        linkName(lab, name),
        bridgeName(lab),
        `${record.address}/${String(subnet.prefixLength)}`,
        subnet.gateway,
        hardwareAddress(lab, name),
        String(await outsideMtu()),
        cgroup,
        ...inOwnGroup,
        ...nspawn,
      ],
      {
        cwd: '/',
        detached: true,
        stdio: ['ignore', log, log],
        // Nothing of the caller's environment, which may hold its secrets.
        env: {
          PATH: toolPath,
          SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1',
          SYSTEMD_NSPAWN_API_VFS_WRITABLE: '1',
        },
      },
    );
    await new Promise<void>((resolve, reject) => {
      runner.once('spawn', resolve);
      runner.once('error', reject);
    });
    runner.unref();
  } finally {
    closeSync(log);
  }
}
