import { promotionFault } from './joinWay';
import type { RolloutDeclaration, RolloutTurn } from './rolloutFacts';
import { contactOf, entryOf, entryOfNode, type TurnFacts } from './rolloutTurns';

/** Workers that this run would make managers, and that no manager of this moment lets become one. */
export function promotionReasons(
  { managers }: Pick<RolloutDeclaration, 'managers'>,
  turns: readonly RolloutTurn[],
  facts: Pick<TurnFacts, 'nodes' | 'hosts' | 'alpn' | 'standIn'>,
): readonly string[] {
  const isGoing = turns.some(({ role, kind }) => role === 'manager' && kind === 'replace');
  const standIn =
    isGoing && facts.standIn !== undefined ? entryOf(facts.nodes, facts.standIn) : undefined;
  // One that joins as a manager before a role is changed offers ALPN by then.
  const isRenewed = turns.some(({ role }) => role === 'manager');
  const changed = isRenewed
    ? []
    : managers.flatMap((node) => {
        const entry = entryOfNode(facts.nodes, node);
        return entry?.role === 'worker' ? [entry] : [];
      });
  const present = managers
    .filter((node) => entryOfNode(facts.nodes, node)?.managerStatus?.reachability === 'reachable')
    .map((node) => contactOf(node, facts, false));
  return [...(standIn === undefined ? [] : [standIn]), ...changed].flatMap((entry) => {
    if (entry.managerStatus !== undefined) return [];
    const fault = promotionFault(entry.hostname, entry.engineVersion, present);
    return fault === undefined ? [] : [fault.message];
  });
}
