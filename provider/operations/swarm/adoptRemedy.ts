import type { Connection } from '../../../core/connection';
import type { Operation } from '../../server/resource';
import { hostStanding } from '../ask/hostStanding';

/** What to do about something that is there already although the state is empty; names the swarm if its host tells. */
export async function adoptRemedy(operation: Operation, connection: Connection): Promise<string> {
  const standing = await hostStanding(operation, connection);
  const clusterId = standing.kind === 'member' ? standing.info.clusterId : undefined;
  return takeOver(clusterId);
}

/** The way out of a lost state, as one clause. */
export function takeOver(clusterId: string | undefined): string {
  const id = clusterId ?? 'CLUSTER_ID';
  const where = clusterId === undefined ? ' (`docker info` on a manager shows the ID)' : '';
  return (
    `if the state was lost, take the running swarm over as it is: \`pulumi config set adopt ${id}\`${where} and \`pulumi up\`, ` +
    'then `pulumi config rm adopt`'
  );
}
