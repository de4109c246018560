import type { Operation } from '../../server/resource';
import { askManager } from '../ask/managers';
import type { SwarmAccess } from '../ask/managers';

/** Names of the nodes that the swarm sees ready, and that are not drained there either. */
export async function namesInService(
  operation: Operation,
  { clusterId, managers }: SwarmAccess,
): Promise<readonly string[]> {
  const nodes = await askManager(
    operation,
    { clusterId, managers },
    ({ docker }) => docker.nodes(),
    { timeoutSeconds: 10 },
  );
  return nodes
    .filter(({ state, availability }) => state === 'ready' && availability !== 'drain')
    .map(({ hostname }) => hostname);
}
