import type { SwarmNodeFacts } from '../../../core/facts';
import { availabilityBefore, givenBack, rebalancingLabel } from '../../../core/held';
import { steps } from '../../../core/steps';
import { askManager } from '../ask/managers';
import type { Mover } from './serviceManager';
import { takeBackMoves } from './takeBackMoves';

/** Nodes that a rebalance has paused. */
export function pausedNodes(nodes: readonly SwarmNodeFacts[]): readonly SwarmNodeFacts[] {
  return nodes.filter((node) => availabilityBefore(node) !== undefined);
}

/**
 * Ends what interrupted runs have left: services get back what moves have put into them, and then nodes that a
 * rebalance had paused are what they were. Nothing where there is no mark.
 *
 * @throws SwarmError `TimedOut`: the marks are left to the next run.
 */
export async function endRebalance(mover: Mover, timeoutSeconds: number): Promise<void> {
  await takeBackMoves(mover, timeoutSeconds);
  await givePausedBack(mover);
}

/** Only behind `takeBackMoves`: an active node's tasks are stopped at once where a constraint rules them out. */
export async function givePausedBack(mover: Mover): Promise<void> {
  const { operation, access, avoid } = mover;
  // Before each node that goes, so that the list of all of them would be read as often.
  const marked = await askManager(
    operation,
    access,
    ({ docker }) => docker.nodes({ label: rebalancingLabel }),
    { avoid },
  );
  for (const node of pausedNodes(marked)) {
    const before = givenBack(node);
    if (before === undefined) continue;
    await operation.step(steps.activate(node.hostname, before.availability), () =>
      askManager(operation, access, ({ docker }) => docker.updateNode(node.id, before), { avoid }),
    );
  }
}
