import type { ServiceFacts, SwarmNodeFacts, TaskFacts } from './facts';
import type { BelowBaseline } from './gate';
import { heldAvailability } from './held';
import { highestBaseline } from './lease';
import type { ServiceBaseline } from './lease';
import { belowBaselines, runningTasks, stayingTasks, tasksPresent } from './services';

/** What of the swarm decides whether nodes may be drained side by side. */
export interface DrainFacts {
  readonly services: readonly ServiceFacts[];
  readonly tasks: readonly TaskFacts[];
  readonly nodes: readonly SwarmNodeFacts[];
  /** Those that are kept, by the names of the nodes that they were taken for: these go, and have not come back well. */
  readonly baselines: Readonly<Record<string, ServiceBaseline>>;
}

/**
 * How many of a service's replicas may be down at once: a quarter, rounded down, and one at least. Kubernetes lets as many of a
 * Deployment be down in its rolling updates (`maxUnavailable`, default 25 %, rounded down:
 * kubernetes.io/docs/concepts/workloads/controllers/deployment).
 */
export function mostDown(replicas: number): number {
  return Math.max(1, Math.floor(replicas / 4));
}

/**
 * What services would lack while a node is drained beside those that are drained now, as reasons against it; none: it may be.
 * Undefined: no drain is under way beside it, so that nothing is lacking for a good cause, and this rule has no say.
 *
 * Of each replicated service no more than `mostDown` may be down, those on the node counted, and one at least stays. What is
 * down counts whatever has put it down. Global services and jobs have nothing to be started elsewhere: of jobs nothing is
 * asked, and global ones are as they were before.
 *
 * @param node its name. @param isGoing false: it has come back, and what it runs stays.
 */
export function drainsTogether(
  facts: DrainFacts,
  node: string,
  isGoing = true,
): readonly BelowBaseline[] | undefined {
  const { services, tasks, nodes, baselines } = facts;
  const leaving = nodes.filter(
    (entry) =>
      entry.availability === 'drain' &&
      entry.state !== 'down' &&
      entry.hostname !== node &&
      heldAvailability(entry) === undefined &&
      Object.hasOwn(baselines, entry.hostname),
  );
  if (leaving.length === 0) return undefined;
  const isJob = ({ job }: ServiceFacts): boolean => job !== undefined;
  const replicated = services.filter((each) => each.replicas !== undefined && !isJob(each));
  const staying = stayingTasks(tasks, nodes);
  const own = new Set(nodes.filter(({ hostname }) => hostname === node).map(({ id }) => id));
  const lost = (nodeId: string): boolean => isGoing && own.has(nodeId);
  const running = runningTasks(services, tasks, nodes);
  const now = runningTasks(services, staying, nodes);
  const left = runningTasks(
    services,
    staying.filter(({ nodeId }) => !lost(nodeId)),
    nodes,
  );
  const before = highestBaseline(
    running,
    Object.values(baselines),
    replicated.map(({ name }) => name),
  );
  const counts = replicated.map(({ name, replicas = 0 }) => ({
    name,
    whole: Math.min(replicas, before[name] ?? 0),
    now: now[name] ?? 0,
    left: left[name] ?? 0,
  }));
  const ids = new Set(replicated.map(({ id }) => id));
  const isUnderWay =
    counts.some((each) => each.now < each.whole) ||
    leaving.some(({ id }) => tasksPresent(tasks, id).some(({ serviceId }) => ids.has(serviceId)));
  if (!isUnderWay) return undefined;
  const names = leaving.map(({ hostname }) => hostname).join(', ');
  const lacking = counts.flatMap((each) => {
    const least = Math.min(each.whole, Math.max(1, each.whole - mostDown(each.whole)));
    const sentence = `of service ${each.name} ${String(each.left)} of ${String(each.whole)} tasks would stay, and ${String(least)} are to`;
    return each.left < least ? [{ node: names, sentence }] : [];
  });
  const global = services.filter((each) => each.replicas === undefined && !isJob(each));
  const worse = belowBaselines(baselines, global, staying, nodes);
  return [...lacking, ...worse.filter((each) => (each.node === node) !== isGoing)];
}
