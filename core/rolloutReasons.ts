import { isOlderEngine } from './engineVersion';
import { isSeen } from './facts';
import type { SwarmNodeFacts } from './facts';
import { gate, isAt, memberAddress } from './gate';
import type { GateFacts, GateReason } from './gate';
import { osLabel } from './labels';
import { outageReasons, whyNotRestorable } from './outage';
import type { RolloutDeclaration, RolloutFacts, RolloutTurn } from './rolloutFacts';
import { entryOf, entryOfNode } from './rolloutTurns';

/** Who decides about an only manager that is replaced: the plan already, or its own step; or why it does not go. */
export type OnlyManager = { readonly decidedBy: 'plan' | 'step' } | { readonly refusal: string };

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
  onlyManager: OnlyManager,
): readonly string[] {
  if (gateFacts === undefined) return [];
  const going = turns.filter(({ kind }) => kind === 'replace' || kind === 'inPlace');
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
  const own = only === undefined ? [] : onlyReasons(gateFacts, only, onlyManager);
  return [...own, ...new Set(reasons)];
}

function onlyReasons(
  gateFacts: GateFacts,
  only: RolloutTurn,
  onlyManager: OnlyManager,
): readonly string[] {
  // Its engine is exchanged, and it stays: see core/inPlace.ts.
  if (only.kind === 'inPlace') return [];
  if ('refusal' in onlyManager) return [`${only.name} is the only manager: ${onlyManager.refusal}`];
  if (onlyManager.decidedBy === 'step') return [];
  return outageReasons(gateFacts, only)
    .filter(({ code }) => code !== 'LeaderSettling' && code !== 'ServicesBelowBaseline')
    .map(({ message }) => message);
}

/** Why the swarm of an only manager could not be put back on what is declared of it. */
export function outageFaults(
  { managers, standIn, outageArchive }: RolloutDeclaration,
  nodes: readonly SwarmNodeFacts[],
  turns: readonly RolloutTurn[],
): readonly string[] {
  const [node, ...others] = managers;
  if (outageArchive === undefined || standIn !== undefined) return [];
  if (node === undefined || others.length > 0) return [];
  const entry = entryOfNode(nodes, node);
  const isGoing = turns.some(({ name, kind }) => name === node.name && kind === 'replace');
  if (entry === undefined || !isGoing) return [];
  const { engineVersion } = entry;
  const why =
    whyNotRestorable(
      { address: memberAddress(entry), engineVersion },
      { address: node.address, engineVersion: node.engineVersion ?? engineVersion },
    ) ??
    (node.engineVersion === undefined
      ? whyOlderOs(entry.labels[osLabel] ?? '', node.os ?? '')
      : undefined);
  return why === undefined ? [] : [`${node.name}: its swarm could not be put back: ${why}`];
}

/** What engine an OS brings is known when it runs, and then the swarm is out. */
function whyOlderOs(present: string, wanted: string): string | undefined {
  const [from, to] = [present, wanted].map((os) => /^([a-z]+):([\d.]+)$/.exec(os));
  if (from?.[1] === undefined || from[1] !== to?.[1]) return undefined;
  return isOlderEngine(to[2] ?? '', from[2] ?? '')
    ? `${wanted} is older than ${present}, and so may its engine be; declare the engine's version as well`
    : undefined;
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
