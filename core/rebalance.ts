import type { InputFailure } from './errors';
import type { ServiceFacts, SwarmNodeFacts } from './facts';
import { declaredAvailability } from './held';
import { isManaged } from './labels';
import { tasksOn, whyFixed, whyUnfinished } from './moves';
import type { MoveFacts } from './moves';
import { mayRun } from './placement';
import { canTakeTasks, whyNotConverged } from './services';

/** Services that are spread anew after a roll: all that can be, or those of these names. */
export type RebalanceWish = true | readonly string[];

/** How the tasks of a service lie on the nodes that may take them, by host name. */
export type Spread = readonly { readonly node: SwarmNodeFacts; readonly tasks: number }[];

/** What comes next for a service. */
export type RebalanceStep =
  /** Its spread is not worse than by one task. */
  | { readonly kind: 'even' }
  | { readonly kind: 'left'; readonly why: string }
  /** One of its tasks goes off this node, a fullest one. */
  | { readonly kind: 'move'; readonly from: SwarmNodeFacts; readonly tasks: number };

/** Services that are looked at, in the order of their names. */
export function wishedServices(
  services: readonly ServiceFacts[],
  wish: RebalanceWish,
): readonly ServiceFacts[] {
  return services
    .filter(({ name }) => wish === true || wish.includes(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The swarm's nodes without those that were joined by us and that nobody declares: they go at the end of the run. */
export function stayingNodes(
  nodes: readonly SwarmNodeFacts[],
  isDeclared: (node: SwarmNodeFacts) => boolean,
): readonly SwarmNodeFacts[] {
  return nodes.filter((node) => !isManaged(node) || isDeclared(node));
}

/** Nodes that may take tasks of a service; where a constraint cannot be judged a node is not among them. */
export function spreadOf(service: ServiceFacts, facts: MoveFacts): Spread {
  return facts.nodes
    .filter((node) => canTakeTasks(node) && mayRun(node, service) === 'yes')
    .map((node) => ({ node, tasks: tasksOn(service, facts, node.id).length }))
    .sort((a, b) => (a.node.hostname < b.node.hostname ? -1 : 1));
}

/** Sum of squares: a task that goes from a node to one with at least two fewer makes it less, and nothing else does. */
export function unevenness(spread: Spread): number {
  return spread.reduce((sum, { tasks }) => sum + tasks * tasks, 0);
}

/**
 * What comes next for a service, and why nothing does.
 *
 * @param when `whenSettled`: as if whatever is under way were over. Default: now.
 */
export function nextMove(
  service: ServiceFacts,
  facts: MoveFacts,
  when: 'now' | 'whenSettled' = 'now',
): RebalanceStep {
  const fixed = whyNotSpread(service, facts);
  if (fixed !== undefined) return { kind: 'left', why: fixed };
  const spread = spreadOf(service, facts);
  const [fullest] = [...spread].sort((a, b) => b.tasks - a.tasks);
  const least = Math.min(...spread.map(({ tasks }) => tasks));
  if (fullest === undefined || fullest.tasks - least <= 1) return { kind: 'even' };
  const why =
    when === 'whenSettled'
      ? undefined
      : (whyUnfinished(service, facts) ?? whyPauseHurts(fullest.node, facts));
  return why === undefined
    ? { kind: 'move', from: fullest.node, tasks: fullest.tasks }
    : { kind: 'left', why };
}

/** Why a service is left alone however it lies; undefined: it may be spread anew. */
function whyNotSpread(service: ServiceFacts, facts: MoveFacts): string | undefined {
  const fixed = whyFixed(service);
  if (fixed !== undefined) return fixed;
  if ((service.hostPorts ?? []).length > 0) return 'it has a port of its nodes';
  if (service.mobility?.hasPreferences === true) {
    return 'it spreads its tasks by preferences of its own';
  }
  const isUnknown = facts.nodes.some((node) => mayRun(node, service) === 'unknown');
  return isUnknown ? 'its constraints speak of what the list of nodes does not tell' : undefined;
}

/** A paused node takes no new task: whoever waits for this one alone would wait longer. */
function whyPauseHurts(node: SwarmNodeFacts, facts: MoveFacts): string | undefined {
  const others = facts.nodes.filter((other) => other.id !== node.id && canTakeTasks(other));
  const waiting = facts.services.find((service) => {
    if (mayRun(node, service) === 'no') return false;
    if (service.mode === 'global') return tasksOn(service, facts, node.id).length === 0;
    const hasAnother = others.some((other) => mayRun(other, service) !== 'no');
    return !hasAnother && whyNotConverged(service, facts.nodes, facts.tasks) !== undefined;
  });
  return waiting === undefined
    ? undefined
    : `${node.hostname} would have to be paused, and ${waiting.name} waits for a task on it`;
}

/** The node that comes back last in this run, and without tasks; undefined: none goes. */
export function lastOf(
  nodes: readonly SwarmNodeFacts[],
  order: readonly string[],
  going: readonly string[],
): string | undefined {
  const last = order.filter((name) => going.includes(name)).at(-1);
  const isIdle = (node: SwarmNodeFacts): boolean =>
    node.hostname === last && declaredAvailability(node) !== 'active';
  return nodes.some(isIdle) ? undefined : last;
}

/**
 * What `preview` says: before a roll which services will be looked at when the last node comes back without tasks,
 * and in another run those that lie worse than by one task now. Undefined: there are none.
 */
export function describeRebalance(
  facts: MoveFacts,
  wish: RebalanceWish,
  last: string | undefined,
): string | undefined {
  const considered: string[] = [];
  const left: string[] = [];
  for (const service of wishedServices(facts.services, wish)) {
    const why = whyNotSpread(service, facts);
    const words = why === undefined ? describeSpread(service, facts, last) : undefined;
    if (why !== undefined) left.push(`${service.name} (${why})`);
    if (words !== undefined) considered.push(`${service.name}: ${words}`);
  }
  if (considered.length + left.length === 0) return undefined;
  return [
    considered.length === 0
      ? 'no service is spread anew'
      : `tasks are moved start-first, one at a time, until the nodes of a service differ by no more than one: ${considered.join('; ')}`,
    ...(left.length === 0 ? [] : [`left alone: ${left.join('; ')}`]),
  ].join('; ');
}

function describeSpread(
  service: ServiceFacts,
  facts: MoveFacts,
  last: string | undefined,
): string | undefined {
  const spread = spreadOf(service, facts);
  const { replicas = 0 } = service;
  if (last === undefined) {
    const counts = spread.map(({ node, tasks }) => `${String(tasks)} on ${node.hostname}`);
    return nextMove(service, facts, 'whenSettled').kind === 'move' ? counts.join(', ') : undefined;
  }
  const node = facts.nodes.find(({ hostname }) => hostname === last);
  const nodes = spread.filter(({ node: { hostname } }) => hostname !== last).length + 1;
  const isMeant = node === undefined || mayRun(node, service) !== 'no';
  return isMeant && replicas > 1 && nodes > 1
    ? `${String(replicas)} tasks on ${String(nodes)} nodes, the last rebuilt one (${last}) is empty`
    : undefined;
}

export const noWish = 'is no choice of services; give true, or a list of their names';

/** What is wrong with a wish, as it was typed. */
export function wishFaults(property: string, wish: unknown): readonly InputFailure[] {
  const isWish =
    typeof wish === 'boolean' ||
    (Array.isArray(wish) && wish.every((name) => typeof name === 'string' && name !== ''));
  return isWish ? [] : [{ property, reason: noWish }];
}
