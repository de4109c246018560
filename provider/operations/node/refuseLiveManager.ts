import type { Connection } from '../../../core/connection';
import { SwarmError } from '../../../core/errors';
import type { Operation } from '../../server/resource';
import { hostStanding } from '../ask/hostStanding';
import { takeOver } from '../swarm/adoptRemedy';

/**
 * The delete of a link below a Node comes when the node is out. Where the state lost the Node, or never had
 * it, nothing takes the node out first: a manager that works would be cut off from its swarm without a
 * gate. Only its own plain word counts; whoever is silent, or in trouble, is no such manager.
 *
 * @throws SwarmError `StillInSwarm`; nothing was touched.
 */
export async function refuseLiveManager(
  operation: Operation,
  name: string,
  connection: Connection,
): Promise<void> {
  const standing = await hostStanding(operation, connection);
  if (standing.kind !== 'member') return;
  const { isControlAvailable, error, clusterId, nodeId, managers } = standing.info;
  if (!isControlAvailable || error !== '' || clusterId === undefined) return;
  throw new SwarmError(
    'StillInSwarm',
    `${name}: it is a working manager (node ${nodeId}, one of ${String(managers)}) of swarm ${clusterId}, and nothing in this state takes it out of it; nothing was touched; ` +
      takeOver(clusterId),
    { source: 'user' },
  );
}
