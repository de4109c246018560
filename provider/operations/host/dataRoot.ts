import { SwarmError } from '../../../core/errors';
import type { Host } from '../../../effects/effects';

/** Where everything of an engine is looked for: its membership while it is stopped, and its raft state for a backup. */
const dataRoot = '/var/lib/docker';

/**
 * @throws SwarmError `DataRootElsewhere` for an engine that keeps its data in another directory: what its disk
 * holds of a swarm would not be seen while it is stopped.
 */
export async function refuseOtherDataRoot(host: Host, name: string): Promise<void> {
  const { dataRoot: present } = await host.docker.info();
  if (present === dataRoot) return;
  // An engine tells where a link leads to.
  const { code, stdout } = await host.run(['readlink', '-f', '--', dataRoot], {
    timeoutSeconds: 30,
  });
  if (code === 0 && stdout.trim() === present) return;
  throw new SwarmError(
    'DataRootElsewhere',
    `${name}: its engine keeps its data in ${present}, and this package looks in ${dataRoot} alone; it is not exchanged in place and joins no swarm; take \`data-root\` out of /etc/docker/daemon.json (or \`--data-root\` out of its unit), or make ${dataRoot} a link to ${present}`,
    { source: 'user' },
  );
}
