import { isFormerSelf, mayBeAbandoned } from '../../../core/abandonedJoin';
import { steps } from '../../../core/steps';
import { ofProcess } from '../../server/ofProcess';
import type { Operation } from '../../server/resource';
import { askManager } from '../ask/managers';
import { accessOf, timeoutsOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';
import { isTimedOut, waitUntil } from '../ask/waitUntil';
import { demoteAndWait, findEntry, removeEntry } from './takeOut';

/** A search of the whole list for what joins have left. */
interface Search {
  readonly beganMs: number;
  readonly end: Promise<void>;
}

/**
 * For how long one search serves the nodes that come back, from its beginning: no filter of the Engine finds an entry without a
 * name, and each node of a batch would read the list of all. What a join of this run leaves is never of after it (`joinLeftBehind`).
 */
const sharedMilliseconds = 10_000;

/** By the IDs of swarms. */
const searchesOf = ofProcess(() => new Map<string, Search>());

/** A join of this run was cut off, and may have left an entry: nobody takes a search of before for his own. */
export function joinLeftBehind(operation: Operation, clusterId: string): void {
  searchesOf(operation).delete(clusterId);
}

/**
 * Removes entries that joins left behind which were cut off halfway: nameless, never seen, and nobody's. Those
 * of joins that are under way are given the time to register.
 */
export async function forgetAbandonedJoins(operation: Operation, spec: NodeInputs): Promise<void> {
  const searches = searchesOf(operation);
  const { clusterId } = spec;
  const beganMs = operation.effects.clock.monotonicMs();
  const known = searches.get(clusterId);
  if (known !== undefined && beganMs - known.beganMs < sharedMilliseconds) {
    // One that fails is another operation's: then this one looks for itself.
    const isDone = await known.end.then(
      () => true,
      () => false,
    );
    if (isDone) return;
  }
  const own = { beganMs, end: search(operation, spec) };
  searches.set(clusterId, own);
  try {
    await own.end;
  } catch (error) {
    if (searches.get(clusterId) === own) searches.delete(clusterId);
    throw error;
  }
}

async function search(operation: Operation, spec: NodeInputs): Promise<void> {
  const access = accessOf(spec);
  const avoid = [spec.name];
  const nodes = await askManager(operation, access, ({ docker }) => docker.nodes(), { avoid });
  let left = nodes.filter(mayBeAbandoned).map(({ id }) => id);
  if (left.length === 0) return;
  // Others join at the same time: a batch of workers, or somebody by hand.
  const joinSeconds = timeoutsOf(spec).join;
  try {
    await waitUntil(operation, 'joins that are under way', joinSeconds, async () => {
      const now = await Promise.all(left.map((id) => findEntry(operation, access, id, avoid)));
      left = left.filter((_, index) => {
        const entry = now[index];
        return entry !== undefined && mayBeAbandoned(entry);
      });
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
 * in none (undefined), so nothing that serves is behind them.
 */
export async function forgetFormerSelves(
  operation: Operation,
  spec: NodeInputs,
  nodeId: string | undefined,
): Promise<void> {
  const access = accessOf(spec);
  const { name, address } = spec;
  const { demote, leave: timeoutSeconds } = timeoutsOf(spec);
  const nodes = await askManager(operation, access, ({ docker }) => docker.nodes({ name }), {
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
}
