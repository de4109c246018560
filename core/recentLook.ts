import type { ServiceFacts, SwarmNodeFacts, TaskFacts } from './facts';
import { leaderAmong } from './gate';

/** The whole swarm, as the gate of a worker has seen it and has opened. */
export interface SwarmLook {
  readonly nodes: readonly SwarmNodeFacts[];
  /** What runs there; undefined: the tasks were not looked at. */
  readonly running: RunningServices | undefined;
  /** ID of the leader at that time. */
  readonly leader: string | undefined;
  /** Of no moment before this one, by the monotonic clock. */
  readonly atMs: number;
}

export interface RunningServices {
  readonly services: readonly ServiceFacts[];
  readonly tasks: readonly TaskFacts[];
}

/** What a later gate knows before it needs the lists of all nodes and of all tasks. */
export interface PresentFacts {
  readonly atMs: number;
  /** The managers, as they are now. */
  readonly managers: readonly SwarmNodeFacts[];
  /** Names of nodes of which a baseline is kept now: whoever takes one out keeps it first. */
  readonly going: readonly string[];
  /** The services, as they are now. */
  readonly services: readonly ServiceFacts[];
  /** Name of the worker that is to go. */
  readonly target: string;
}

/**
 * For how long a list of nodes serves the gates of further workers. What somebody else does to a worker in that time is seen later
 * by no more than this, and that is no licence: that a worker is down the swarm itself notices only 15 s after its last sign of life
 * (three heartbeats of 5 s), so that a gate of this very moment knows no better. What this package does to one is asked for anew.
 */
export const recentMilliseconds = 3_000;

/**
 * The same where services run: a container that ends by itself is known to the swarm at once. As long as this a gate that has just
 * opened knows no better of it either, while its node's drain is on its way.
 */
export const recentTasksMilliseconds = 1_000;

/** The entries of a name in a look: an earlier life of it may be listed too. */
export function entriesOf({ nodes }: SwarmLook, name: string): readonly SwarmNodeFacts[] {
  return nodes.filter(({ hostname }) => hostname === name);
}

/** More than these are a list of their own. */
const mostAskedAnew = 8;

/**
 * IDs of the nodes that are asked for anew, so that a look of before will do; undefined: it will not.
 *
 * The target: what it is decides whether it is counted. Whoever goes, as long as the list does not show it as drained: that one is
 * out by now. One that has come back since counts as out all the same, which shuts the gate and opens none. After a change of
 * leader all nodes are `unknown`, and have to register anew.
 */
export function askedAnew(recent: SwarmLook, now: PresentFacts): readonly string[] | undefined {
  const { nodes, leader } = recent;
  if (leader === undefined || !isRecent(recent, now)) return undefined;
  if (leaderAmong(now.managers)?.id !== leader) return undefined;
  const managers = new Set(now.managers.map(({ id }) => id));
  const going = new Set(now.going);
  const own = entriesOf(recent, now.target);
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

/** Of a service that is new since then no task is known. */
function isRecent(
  { running, atMs }: SwarmLook,
  { atMs: nowMs, services }: Pick<PresentFacts, 'atMs' | 'services'>,
): boolean {
  if (services.length === 0) return nowMs - atMs <= recentMilliseconds;
  const known = new Set(running?.services.map(({ id }) => id));
  return nowMs - atMs <= recentTasksMilliseconds && services.every(({ id }) => known.has(id));
}

/** What was asked for anew. */
export interface Anew {
  /** By their IDs; undefined: such a node is gone. */
  readonly nodes: ReadonlyMap<string, SwarmNodeFacts | undefined>;
  readonly services: readonly ServiceFacts[];
  /** On the nodes of that name which are asked for anew. */
  readonly tasks: readonly TaskFacts[];
}

/**
 * The look of before, with what was asked for anew and with the managers as they are now. Tasks that have been started since on
 * other nodes than the target are not in it, and those that drained nodes had still are: neither opens a gate, since only what
 * stays is counted. A drained node that is active again is none in it, so that no task of a global service is missed there yet; it
 * counts as out itself.
 */
export function broughtUp(
  recent: SwarmLook,
  { managers, target }: Pick<PresentFacts, 'managers' | 'target'>,
  anew: Anew,
): SwarmLook {
  const present = new Set(managers.map(({ id }) => id));
  const others = recent.nodes
    .filter(({ id }) => !present.has(id))
    .flatMap((node) => (anew.nodes.has(node.id) ? (anew.nodes.get(node.id) ?? []) : node));
  const nodes = [...managers, ...others];
  const own = new Set(entriesOf(recent, target).map(({ id }) => id));
  const { running } = recent;
  return {
    ...{ ...recent, nodes },
    running:
      running === undefined
        ? undefined
        : {
            services: anew.services,
            tasks: [...running.tasks.filter(({ nodeId }) => !own.has(nodeId)), ...anew.tasks],
          },
  };
}
