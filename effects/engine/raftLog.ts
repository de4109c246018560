import type { Exec } from '../ssh/sshExec';

const path = '/var/lib/docker/swarm/raft';

/**
 * Whether the node's disk has a log of raft. An engine takes it away when its manager ends for good, before it says so itself.
 *
 * @returns undefined: it cannot be seen, as outside a swarm.
 */
export async function hasRaftLog(exec: Exec): Promise<boolean | undefined> {
  const { code, stdout } = await exec(['ls', '-A', '--', path], { timeoutSeconds: 30 });
  return code === 0 ? stdout.trim() !== '' : undefined;
}
