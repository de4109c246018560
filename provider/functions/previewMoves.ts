import type { ManagerContact } from '../../core/connection';
import { errorMessage } from '../../core/errors';
import { describeMoves } from '../../core/moves';
import type { RolloutNode, RolloutPlan } from '../../core/rolloutFacts';
import { entryOfNode } from '../../core/rolloutTurns';
import { isStartFirst } from '../../core/rollPolicy';
import type { RollPolicy } from '../../core/rollPolicy';
import { lookAtServices } from '../operations/move/serviceManager';
import type { Operation } from '../server/resource';

/** Which services are moved off the nodes that go start-first, and which are not, and why. */
export async function previewMoves(
  operation: Operation,
  managers: readonly ManagerContact[],
  clusterId: string | undefined,
  policy: Pick<RollPolicy, 'startFirst'>,
  drained: readonly RolloutNode[],
): Promise<{ readonly turns: readonly string[]; readonly warnings: RolloutPlan['warnings'] }> {
  const names = drained.filter(({ name, previousName }) =>
    isStartFirst(policy, previousName ?? name),
  );
  if (names.length === 0 || clusterId === undefined) return { turns: [], warnings: [] };
  try {
    const facts = await lookAtServices({ operation, access: { clusterId, managers }, avoid: [] });
    const going = names.flatMap((node) => entryOfNode(facts.nodes, node) ?? []);
    const sentence = describeMoves(facts, going);
    return { turns: sentence === undefined ? [] : [sentence], warnings: [] };
  } catch (error) {
    const warning = `which services are moved start-first was not worked out: ${errorMessage(error)}`;
    return { turns: [], warnings: [warning] };
  }
}
