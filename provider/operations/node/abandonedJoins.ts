import { mayBeAbandoned } from '../../../core/abandonedJoin';
import { steps } from '../../../core/steps';
import type { Operation } from '../../server/resource';
import { askManager } from '../ask/managers';
import type { SwarmAccess } from '../ask/managers';
import { isTimedOut, waitUntil } from '../ask/waitUntil';
import { removeEntry } from './takeOut';

/** A join takes about a second; whoever has a certificate by now registers within this time. */
const joinSeconds = 30;

/**
 * Removes entries that joins left behind which were cut off halfway: nameless, never seen, and nobody's. Those
 * of joins that are under way are given the time to register.
 */
export async function forgetAbandonedJoins(
  operation: Operation,
  access: SwarmAccess,
): Promise<void> {
  const nameless = async (): Promise<readonly string[]> => {
    const nodes = await askManager(operation, access, ({ docker }) => docker.nodes());
    return nodes.filter(mayBeAbandoned).map(({ id }) => id);
  };
  let left = await nameless();
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
