import type { ServiceFacts, SwarmNodeFacts } from './facts';
import type { MoveFacts } from './moves';
import { placement } from './placement';
import { canTakeTasks, runsNow } from './services';

export interface DrainRoomFacts extends MoveFacts {
  /** IDs of the nodes that are drained, one turn after another; those of one turn are out together. */
  readonly turns: readonly (readonly string[])[];
}

/**
 * Replicas that would find no node while those of a turn are out, as sentences: a constraint that nothing else satisfies,
 * `max_replicas_per_node`, ports of the nodes, reservations. A drain waits until each replica that ran runs elsewhere, so it
 * would wait in vain. Only what is certain: a node that is not ready now may be by then, and one that cannot be judged fits.
 */
export function drainRoom(facts: DrainRoomFacts): readonly string[] {
  return facts.services.flatMap((service) => {
    const short = facts.turns.flatMap((turn) => {
      const why = whyNoRoom(service, facts, turn);
      return why === undefined ? [] : [{ why, nodes: namesOf(facts.nodes, turn) }];
    });
    return [...new Set(short.map(({ why }) => why))].map((why) => {
      const nodes = short.filter((each) => each.why === why).flatMap((each) => each.nodes);
      return `while ${listOf(nodes)} is out, ${service.name} ${why}: its drain would wait in vain; make room for it, or take replicas away for the roll (\`docker service scale ${service.name}=N\`)`;
    });
  });
}

function whyNoRoom(
  service: ServiceFacts,
  facts: DrainRoomFacts,
  turn: readonly string[],
): string | undefined {
  const { nodes, tasks } = facts;
  const { replicas, job } = service;
  if (replicas === undefined || job !== undefined) return undefined;
  const running = tasks.filter((task) => task.serviceId === service.id && runsNow(task, nodes));
  const wanted = Math.min(replicas, running.length);
  const others = nodes.filter(({ id }) => !turn.includes(id));
  const places = others.filter(mayTakeTasks);
  // What runs where nothing new may come stays there.
  const staying = running.filter(({ nodeId }) =>
    others.some((node) => node.id === nodeId && !places.includes(node)),
  ).length;
  const needed = wanted - staying;
  if (needed <= 0) return undefined;
  const fitting = places.filter((node) => placement(node, service.constraints) !== 'no');
  const room = fitting.reduce((sum, node) => sum + roomOn(service, node), 0);
  if (room >= needed) return undefined;
  return fitting.length === 0
    ? `would find no node for ${count(needed)}: no other ${service.constraints.length === 0 ? 'takes tasks' : `satisfies ${service.constraints.join(' and ')}`}`
    : `would find room for ${String(staying + room)} of ${count(wanted)} on ${listOf(fitting.map(({ hostname }) => hostname))}`;
}

/** Now, or once it is ready: what is drained or paused stays so. */
function mayTakeTasks(node: SwarmNodeFacts): boolean {
  return canTakeTasks({ state: 'ready', availability: node.availability });
}

/** Tasks of one service that a node could have if it had nothing else. */
function roomOn(service: ServiceFacts, { resources }: SwarmNodeFacts): number {
  const { nanoCpus = 0, memoryBytes = 0 } = service.reservations ?? {};
  const most = service.mobility?.maxPerNode ?? 0;
  const fits = (have: number | undefined, need: number): number =>
    need === 0 || have === undefined ? Infinity : Math.floor(have / need);
  return Math.min(
    most === 0 ? Infinity : most,
    (service.hostPorts ?? []).length === 0 ? Infinity : 1,
    fits(resources?.nanoCpus, nanoCpus),
    fits(resources?.memoryBytes, memoryBytes),
  );
}

function namesOf(nodes: readonly SwarmNodeFacts[], ids: readonly string[]): readonly string[] {
  return nodes.filter(({ id }) => ids.includes(id)).map(({ hostname }) => hostname);
}

function count(replicas: number): string {
  return `${String(replicas)} replica${replicas === 1 ? '' : 's'}`;
}

function listOf(names: readonly string[]): string {
  const [last = ''] = names.slice(-1);
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} or ${last}`;
}
