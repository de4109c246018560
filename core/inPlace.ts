import { barrierReasons } from './barrier';
import { isSeen } from './facts';
import type { SwarmNodeFacts } from './facts';
import { heldNodes } from './held';
import { pause, quorum } from './quorum';
import type { RolloutDeclaration, RolloutFacts, RolloutTurn } from './rolloutFacts';

/** What an upgrade in place of a manager costs where the others are no majority without it. */
export function describeNoMajority(members: number): string {
  const others = members - 1;
  return (
    (members === 1
      ? 'it is the only manager, and while its engine is exchanged'
      : `while its engine is exchanged ${String(others)} of ${String(members)} managers answers, ${String(quorum(members))} are needed, and`) +
    ' nothing is scheduled, no node joins and nobody can change the swarm, for half a minute or as long as the installation takes; tasks on other nodes keep running and nothing of the swarm is lost; ' +
    (members === 1
      ? 'accept that by `allowOutage: true` and `backup`, or declare two more managers'
      : 'declare one more manager, or `upgrade: replace`, which takes one out of the swarm before its engine stops')
  );
}

/**
 * Whether a manager's engine may be stopped while it stays a member: the others are the majority without it, or it
 * is the only one and that is accepted. Of two neither can be: the other one would stand still beside it.
 */
export function mayPause(members: number, isOutageAllowed: boolean): boolean {
  return pause(members, members - 1).isAllowed || (members === 1 && isOutageAllowed);
}

/** A manager's turn, with the numbers while its engine is stopped. */
export function managerInPlace(turn: {
  readonly name: string;
  readonly why: readonly string[];
  readonly members: number;
  /** The engine that was kept takes its place again. */
  readonly isBack: boolean;
  /** What happens to the virtual IP. */
  readonly vip?: string;
}): string {
  const { name, why, members, isBack, vip } = turn;
  const { reachableWithout, needed, isAllowed } = pause(members, members - 1);
  return (
    `${isBack ? `take the upgrade of manager ${name} back` : `upgrade manager ${name}`} in place (${why.join(', ')}): ${String(reachableWithout)} of ${String(members)} members answer while its engine is stopped, ` +
    (isAllowed
      ? `quorum ${String(needed)}, tolerance ${String(reachableWithout - needed)}`
      : `quorum ${String(needed)}: no control meanwhile`) +
    (vip === undefined ? '' : `; ${vip}`) +
    (isBack
      ? '; the engine that was kept is put back, and it serves again when every manager has its engine'
      : '; then it is held, drained, until every manager has its engine')
  );
}

/** Who is held while nothing is declared to go in place any more. */
export function holdWarnings(
  { managers, workers }: Pick<RolloutDeclaration, 'managers' | 'workers'>,
  nodes: readonly SwarmNodeFacts[],
): readonly string[] {
  const present = heldNodes(nodes);
  if (present.length === 0) return [];
  if ([...managers, ...workers].some(({ engineUpgrade }) => engineUpgrade === 'inPlace')) return [];
  const names = present.map(({ hostname }) => hostname).join(', ');
  return [
    `${names}: drained by an upgrade in place that has not come to its end, and let go by this run, with the engine that is declared; one that is still drained behind it is let go by \`upgrade: inPlace\``,
  ];
}

/** Why engines cannot be exchanged in place now; empty: they can, or none is to be. */
export function inPlaceReasons(
  declared: RolloutDeclaration,
  { running }: Pick<RolloutFacts, 'running'>,
  nodes: readonly SwarmNodeFacts[],
  turns: readonly RolloutTurn[],
): readonly string[] {
  const present = heldNodes(nodes);
  const going = turns.filter(({ kind, role }) => kind === 'inPlace' && role === 'manager');
  const members = nodes.filter(({ managerStatus }) => managerStatus !== undefined).length;
  if (going.length > 0 && !mayPause(members, declared.isOutageAllowed === true)) {
    return going.map(({ name }) => `${name}: ${describeNoMajority(members)}`);
  }
  // One that is held is drained already: whoever takes that back lets go, and is not kept from it.
  const isNew = going.some(({ name }) => present.every(({ hostname }) => hostname !== name));
  if (running === undefined || !isNew || members === 1) return [];
  if (!isSeen(running)) {
    return [
      `what runs in the swarm could not be looked at (${running.unseen}), and so not whether it has a place while the managers are drained; run it again when the swarm answers`,
    ];
  }
  const held = new Set([
    ...going.map(({ name }) => name),
    ...present.filter(({ role }) => role === 'manager').map(({ hostname }) => hostname),
  ]);
  return barrierReasons({
    nodes,
    held: [...held],
    services: running.seen.services,
    running: running.seen.tasks,
    balancedPorts: declared.vip === undefined ? undefined : (declared.balancedPorts ?? []),
  });
}
