import { SwarmError } from '../../../core/errors';
import { isSeen } from '../../../core/facts';
import { describeReasons, gate, leaderAmong } from '../../../core/gate';
import type { GateFacts, GateTarget } from '../../../core/gate';
import type { SwarmLook } from '../../../core/recentLook';
import type { Operation } from '../../server/resource';
import { gatherGateFacts } from './gatherGateFacts';
import type { GatheredFacts } from './gatherGateFacts';
import type { SwarmAccess } from '../ask/managers';
import { isTimedOut, waitUntil } from '../ask/waitUntil';

/**
 * Waits at the gate until this node may be taken out, looking afresh each time that it is shut, and says what it
 * waits for.
 *
 * @returns the swarm as it was seen when the gate opened, of a worker in a row; undefined: it was seen for this gate alone.
 * @throws SwarmError `TimedOut` with the last reasons; `LastManager` at once: waiting changes nothing there.
 */
export async function passGate(
  operation: Operation,
  access: SwarmAccess,
  target: GateTarget,
  options: {
    readonly maxUnavailable: number;
    readonly timeoutSeconds: number;
    /** What a drain may take that is under way beside a target that may go beside it. Default: none is waited for. */
    readonly drainSeconds?: number;
    /**
     * The row of operations that hold the lease (`Lease.row`): what the gate of one worker has seen of the swarm may serve that of
     * the next, for a moment. Default: it looks itself, as a manager's gate always does.
     */
    readonly row?: object | undefined;
  },
): Promise<SwarmLook | undefined> {
  let seen: SwarmLook | undefined;
  let isBeside = false;
  const row = target.role === 'worker' && target.mayGoBeside === true ? options.row : undefined;
  const { clock } = operation.effects;
  const look = async (): Promise<GatheredFacts> => {
    const recent = row === undefined ? undefined : looksByRow.get(row);
    const beganMs = clock.monotonicMs();
    const gather = (of?: SwarmLook): Promise<GatheredFacts> =>
      gatherGateFacts(operation, access, target.name, options.maxUnavailable, {
        recent: of,
        withTasks: row !== undefined,
      });
    const facts = await gather(recent);
    // What was seen before opens a gate, and shuts none.
    const isRefusedByBefore = facts.listsAtMs < beganMs && !gate(facts, target).isOpen;
    return isRefusedByBefore ? gather() : facts;
  };
  const open = (timeoutSeconds: number): Promise<void> =>
    waitUntil(
      operation,
      `the gate before ${target.role} ${target.name}`,
      timeoutSeconds,
      async () => {
        const facts = await look();
        if (isOnlyMember(facts, target)) throw lastManager(target.name);
        isBeside = target.mayGoBeside === true && facts.beside !== undefined;
        const { isOpen, reasons } = gate(facts, target);
        seen = row === undefined || !isOpen ? undefined : lookOf(facts);
        if (row !== undefined) keep(row, seen);
        return isOpen ? true : `shut: ${describeReasons(reasons)}`;
      },
    );
  await open(options.timeoutSeconds).catch(async (error: unknown) => {
    // Those that are drained have their own time for it.
    if (!isTimedOut(error) || !isBeside || options.drainSeconds === undefined) throw error;
    await open(options.drainSeconds);
  });
  return seen;
}

/** The swarm as the last gate that opened has seen it, by the row of operations that its lease was of: it is forgotten with it. */
const looksByRow = new WeakMap<object, SwarmLook>();

/** Behind a gate that is shut everybody looks anew. */
function keep(row: object, look: SwarmLook | undefined): void {
  if (look === undefined) looksByRow.delete(row);
  else looksByRow.set(row, look);
}

function lookOf({ nodes, running, listsAtMs, managers }: GatheredFacts): SwarmLook | undefined {
  const members = managers.map((manager) => manager.managers).find(isSeen)?.seen ?? [];
  return isSeen(nodes)
    ? { nodes: nodes.seen, running, leader: leaderAmong(members)?.id, atMs: listsAtMs }
    : undefined;
}

/** By its own word, since there is nobody else to ask. */
function isOnlyMember({ managers }: GateFacts, target: GateTarget): boolean {
  const own = managers.find(({ name }) => name === target.name);
  if (own === undefined || !isSeen(own.managers)) return false;
  const members = own.managers.seen.filter(({ managerStatus }) => managerStatus !== undefined);
  return members.length === 1;
}

/** Without its only manager a swarm ends, with all its services, secrets and networks. */
export function lastManager(name: string): SwarmError {
  return new SwarmError(
    'LastManager',
    `${name}: it is the only manager, and without it the swarm with all its services, secrets and networks ends; ` +
      'nothing was touched; declare at least two more managers, or `standIn` and a worker, run `pulumi up`, and change this one then; or accept that the swarm is without a manager meanwhile: `allowOutage: true` and `backup`',
    { source: 'user' },
  );
}
