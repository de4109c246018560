import type { SwarmNodeFacts } from './facts';
import { leaderAmong } from './gate';

/** All nodes, as the gate of a worker has seen them and has opened. */
export interface RecentNodes {
  readonly nodes: readonly SwarmNodeFacts[];
  /** ID of the leader at that time. */
  readonly leader: string | undefined;
  /** Of no moment before this one, by the monotonic clock. */
  readonly atMs: number;
}

/** What a later gate knows before it needs the list of all nodes. */
export interface RecentLook {
  readonly atMs: number;
  /** The managers, as they are now. */
  readonly managers: readonly SwarmNodeFacts[];
  /** Names of nodes of which a baseline is kept now: whoever takes one out keeps it first. */
  readonly going: readonly string[];
  /** Name of the worker that is to go. */
  readonly target: string;
}

/**
 * For how long a list serves the gates of further workers. What somebody else does to a worker in that time is seen later by no
 * more than this, and that is no licence: that a worker is down the swarm itself notices only 15 s after its last sign of life
 * (three heartbeats of 5 s), so that a gate of this very moment knows no better. What this package does to one is asked for anew.
 */
export const recentMilliseconds = 3_000;

/** More than these are a list of their own. */
const mostAskedAnew = 8;

/**
 * IDs of the nodes that are asked for anew, so that a list of before will do; undefined: it will not.
 *
 * The target: what it is decides whether it is counted. Whoever goes, as long as the list does not show it as drained: that one is
 * out by now. One that has come back since counts as out all the same, which shuts the gate and opens none. After a change of
 * leader all nodes are `unknown`, and have to register anew.
 */
export function askedAnew(recent: RecentNodes, now: RecentLook): readonly string[] | undefined {
  const { nodes, leader, atMs } = recent;
  if (leader === undefined || now.atMs - atMs > recentMilliseconds) return undefined;
  if (leaderAmong(now.managers)?.id !== leader) return undefined;
  const managers = new Set(now.managers.map(({ id }) => id));
  const going = new Set(now.going);
  const own = nodes.filter(({ hostname }) => hostname === now.target);
  if (own.length === 0) return undefined;
  const gone = nodes.filter(
    ({ hostname, state, availability }) =>
      hostname !== now.target &&
      going.has(hostname) &&
      state === 'ready' &&
      availability !== 'drain',
  );
  const ids = [...own, ...gone].map(({ id }) => id).filter((id) => !managers.has(id));
  return ids.length > mostAskedAnew ? undefined : ids;
}

/** The list with the entries that were asked for anew, and with the managers as they are now. Undefined: such a node is gone. */
export function broughtUp(
  recent: RecentNodes,
  managers: readonly SwarmNodeFacts[],
  answers: ReadonlyMap<string, SwarmNodeFacts | undefined>,
): RecentNodes {
  const present = new Set(managers.map(({ id }) => id));
  const others = recent.nodes
    .filter(({ id }) => !present.has(id))
    .flatMap((node) => (answers.has(node.id) ? (answers.get(node.id) ?? []) : node));
  return { ...recent, nodes: [...managers, ...others] };
}
