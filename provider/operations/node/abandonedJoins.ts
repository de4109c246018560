import { isFormerSelf, mayBeAbandoned } from '../../../core/abandonedJoin';
import type { SwarmNodeFacts } from '../../../core/facts';
import { steps } from '../../../core/steps';
import type { Operation } from '../../server/resource';
import { askManager } from '../ask/managers';
import { accessOf, timeoutsOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';
import { isTimedOut, waitUntil } from '../ask/waitUntil';
import { demoteAndWait, removeEntry } from './takeOut';

/**
 * Removes entries that joins left behind which were cut off halfway: nameless, never seen, and nobody's. Those
 * of joins that are under way are given the time to register.
 *
 * @param nodes all of them, as they were a moment ago.
 */
export async function forgetAbandonedJoins(
  operation: Operation,
  spec: NodeInputs,
  nodes: readonly SwarmNodeFacts[],
): Promise<void> {
  const access = accessOf(spec);
  const nameless = async (): Promise<readonly string[]> => {
    const now = await askManager(operation, access, ({ docker }) => docker.nodes());
    return now.filter(mayBeAbandoned).map(({ id }) => id);
  };
  // Others join at the same time: a batch of workers, or somebody by hand.
  const joinSeconds = timeoutsOf(spec).join;
  let left = nodes.filter(mayBeAbandoned).map(({ id }) => id);
  if (left.length === 0) return;
  try {
    await waitUntil(operation, 'joins that are under way', joinSeconds, async () => {
      const now = await nameless();
      left = left.filter((id) => now.includes(id));
      return left.length === 0 || `${left.join(', ')} has not said its name yet`;
    });
  } catch (error) {
    if (!isTimedOut(error)) throw error;
  }
  for (const id of left) {
    await operation.step(steps.forget(id), () =>
      removeEntry(operation, access, id, { hasLeft: false, timeoutSeconds: joinSeconds }),
    );
  }
}

/**
 * Removes the entries of this host's earlier memberships by their IDs. It is in the swarm as `nodeId` alone, or
 * in none (undefined), so nothing that serves is behind them. All nodes, as they were before it.
 */
export async function forgetFormerSelves(
  operation: Operation,
  spec: NodeInputs,
  nodeId: string | undefined,
): Promise<readonly SwarmNodeFacts[]> {
  const access = accessOf(spec);
  const { name, address } = spec;
  const { demote, leave: timeoutSeconds } = timeoutsOf(spec);
  const nodes = await askManager(operation, access, ({ docker }) => docker.nodes(), {
    avoid: [name],
  });
  for (const node of nodes.filter((one) => isFormerSelf(one, { name, address, nodeId }))) {
    await operation.step(steps.remove(name), async () => {
      if (node.managerStatus !== undefined) {
        await demoteAndWait(operation, access, node.id, demote);
      }
      await removeEntry(operation, access, node.id, { hasLeft: true, timeoutSeconds });
    });
  }
  return nodes;
}
