import { isSeen } from './facts';
import type { SwarmNodeFacts } from './facts';
import { gate, isAt } from './gate';
import type { GateFacts, GateReason } from './gate';
import type { RolloutDeclaration, RolloutFacts, RolloutTurn } from './rolloutFacts';
import { entryOf, entryOfNode } from './rolloutTurns';

/** The gate as it decides once the head of the run has said who is declared. */
export function atTheGate(
  declared: RolloutDeclaration,
  { gate: facts }: RolloutFacts,
  maxUnavailable: number,
): GateFacts | undefined {
  if (facts === undefined) return undefined;
  const workers = facts.workers.filter((name) => declared.workers.some((one) => one.name === name));
  return { ...facts, workers, maxUnavailable };
}

/**
 * The gate's own decision for every node that would go, from where the swarm stands now. Each meets
 * the same gate again when its turn comes.
 *
 * A node that an interrupted run took out is no obstacle: it is put back in before the others go.
 */
export function rollReasons(
  gateFacts: GateFacts | undefined,
  nodes: RolloutFacts['nodes'],
  turns: readonly RolloutTurn[],
  onlyManagerRefusal: string | undefined,
): readonly string[] {
  if (gateFacts === undefined) return [];
  const going = turns.filter(({ kind }) => kind === 'replace');
  const lasting = gateFacts.managers.filter(({ name }) => !gateFacts.workers.includes(name));
  const only = going.find(({ role }) => role === 'manager' && lasting.length === 1);
  const reasons = going
    // Its own gate has nobody to ask, and would say so beside the sentence that tells why.
    .filter((turn) => turn !== only)
    .flatMap((turn) =>
      gate(gateFacts, turn).reasons.filter(
        (reason) =>
          !isSettling(nodes, reason) &&
          !isPutBackFirst(nodes, turns, reason) &&
          !isAskedFirst(gateFacts, nodes, turn, reason),
      ),
    )
    // Their own step waits for them first, and what mends them may be in this very run.
    .filter(({ code }) => code !== 'ServicesBelowBaseline')
    .map(({ message }) => message);
  const refusal =
    only === undefined || onlyManagerRefusal === undefined
      ? []
      : [`${only.name} is the only manager: ${onlyManagerRefusal}`];
  return [...refusal, ...new Set(reasons)];
}

/**
 * A node that the swarm does not know, at the address of a live one that nobody declares any more: it
 * would be made before the other one is gone, since removed resources are deleted at the end of a run.
 */
export function renameReasons(
  declared: RolloutDeclaration,
  nodes: readonly SwarmNodeFacts[],
): readonly string[] {
  const all = [...declared.managers, ...declared.workers];
  return all
    .filter((node) => entryOfNode(nodes, node) === undefined)
    .flatMap((node) => {
      const other = nodes.find(
        (entry) => entry.state === 'ready' && isAt(entry, node.address),
      )?.hostname;
      return other === undefined || all.some(({ name }) => name === other)
        ? []
        : [
            `${node.name}: its address ${node.address} is that of ${other}, which is in the swarm and no longer declared; ` +
              `declare \`previousName: ${other}\` for ${node.name} if it is the same node, or take ${other} out in a run of its own first`,
          ];
    });
}

/** A change of leader settles by itself within seconds, and the step's own gate waits for it. */
function isSettling(nodes: RolloutFacts['nodes'], { code, subject }: GateReason): boolean {
  if (code === 'LeaderSettling') return true;
  if (code !== 'WorkersOut' || subject === undefined || !isSeen(nodes)) return false;
  return entryOf(nodes.seen, subject)?.state === 'unknown';
}

/**
 * About a declared manager that is no raft member at present, or a worker that is out and has a turn
 * of its own: broken ones go first.
 */
function isPutBackFirst(
  nodes: RolloutFacts['nodes'],
  turns: readonly RolloutTurn[],
  { code, subject }: GateReason,
): boolean {
  if (subject === undefined || !isSeen(nodes)) return false;
  return code === 'WorkersOut'
    ? turns.some(({ name }) => name === subject)
    : entryOf(nodes.seen, subject)?.managerStatus === undefined;
}

/**
 * That no other manager answers with its list, where all the others are out and are put back first: of
 * two managers, the one that an interrupted run took out.
 */
function isAskedFirst(
  { managers }: GateFacts,
  nodes: RolloutFacts['nodes'],
  turn: RolloutTurn,
  { code, subject }: GateReason,
): boolean {
  if (code !== 'NoAnswer' || subject !== undefined || !isSeen(nodes)) return false;
  const others = managers.filter(({ name }) => name !== turn.name);
  return others.every(({ name }) => entryOf(nodes.seen, name)?.managerStatus === undefined);
}
