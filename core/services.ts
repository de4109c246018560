import type { Availability, ServiceFacts, SwarmNodeFacts, TaskFacts, TaskState } from './facts';
import type { BelowBaseline } from './gate';
import type { ServiceBaseline } from './lease';
import { placement } from './placement';

/** Task states in which a container is on the node, or is about to be: these end a drain only when they are gone. */
export const presentStates: readonly TaskState[] = [
  'assigned',
  'accepted',
  'preparing',
  'ready',
  'starting',
  'running',
];

/** Tasks that still occupy a node, whatever their desired state. */
export function tasksPresent(tasks: readonly TaskFacts[], nodeId: string): readonly TaskFacts[] {
  return tasks.filter((task) => task.nodeId === nodeId && presentStates.includes(task.state));
}

/**
 * Whether a task runs and is to go on running. Nobody reports the end of a task whose node died: it
 * stays `running` for as long as it is kept, so the node has the last word. A node that is not in the
 * list is gone; one that is `unknown`, as after an election, counts as alive.
 */
export function runsNow(task: TaskFacts, nodes: readonly SwarmNodeFacts[]): boolean {
  return isRunning(task) && isAlive(task.nodeId, nodes);
}

/** The same by the task's own word: its node may be down. */
export function isRunning({ state, desiredState }: TaskFacts): boolean {
  return state === 'running' && desiredState === 'running';
}

function isAlive(nodeId: string, nodes: readonly SwarmNodeFacts[]): boolean {
  return nodes.some(({ id, state }) => id === nodeId && state !== 'down');
}

/** Running tasks of every service, by name. Asked at each node of a large cluster, it goes through each list once. */
export function runningTasks(
  services: readonly ServiceFacts[],
  tasks: readonly TaskFacts[],
  nodes: readonly SwarmNodeFacts[],
): ServiceBaseline {
  const alive = new Set(nodes.filter(({ state }) => state !== 'down').map(({ id }) => id));
  const running = new Map<string, number>();
  for (const task of tasks) {
    if (!isRunning(task) || !alive.has(task.nodeId)) continue;
    running.set(task.serviceId, (running.get(task.serviceId) ?? 0) + 1);
  }
  return Object.fromEntries(services.map(({ id, name }) => [name, running.get(id) ?? 0]));
}

/**
 * Tasks without those on nodes that are drained: these are about to stop, and the swarm takes a moment to say so of each. What a
 * node may cost is counted without them.
 */
export function stayingTasks(
  tasks: readonly TaskFacts[],
  nodes: readonly SwarmNodeFacts[],
): readonly TaskFacts[] {
  const drained = new Set(
    nodes.filter(({ availability }) => availability === 'drain').map(({ id }) => id),
  );
  return drained.size === 0 ? tasks : tasks.filter(({ nodeId }) => !drained.has(nodeId));
}

/**
 * Services that run fewer tasks than before, as sentences. A service that is gone is nobody's loss
 * here, and nobody waits for what a service wants no more: replicas that were taken away, or a global
 * service's tasks on nodes that left or that its constraints rule out now.
 */
export function worseThanBaseline(
  baseline: ServiceBaseline,
  services: readonly ServiceFacts[],
  tasks: readonly TaskFacts[],
  nodes: readonly SwarmNodeFacts[],
): readonly string[] {
  const now = runningTasks(services, tasks, nodes);
  return services.flatMap((service) => {
    const wanted = Math.min(before(baseline, service), wantedTasks(service, tasks, nodes));
    const running = now[service.name] ?? 0;
    return running < wanted
      ? [
          `service ${service.name} runs ${String(running)} of ${String(wanted)} tasks` +
            lastError(tasksOf(service, tasks)),
        ]
      : [];
  });
}

/** Whether a baseline has all that every service is to run; what was just being started when it was taken is missing from it. */
export function isWhole(
  baseline: ServiceBaseline,
  services: readonly ServiceFacts[],
  tasks: readonly TaskFacts[],
  nodes: readonly SwarmNodeFacts[],
): boolean {
  return services.every(
    (service) =>
      service.job !== undefined || before(baseline, service) >= wantedTasks(service, tasks, nodes),
  );
}

/** The same of every baseline that is kept, by the node that it was taken for. */
export function belowBaselines(
  baselines: Readonly<Record<string, ServiceBaseline>>,
  services: readonly ServiceFacts[],
  tasks: readonly TaskFacts[],
  nodes: readonly SwarmNodeFacts[],
): readonly BelowBaseline[] {
  return Object.entries(baselines).flatMap(([node, baseline]) =>
    worseThanBaseline(baseline, services, tasks, nodes).map((sentence) => ({ node, sentence })),
  );
}

/** A service may have any name, that of a property of every object (`constructor`) too. */
function before(baseline: ServiceBaseline, { name }: ServiceFacts): number {
  return Object.hasOwn(baseline, name) ? (baseline[name] ?? 0) : 0;
}

/** Services that may have a task on another node than this one, as the others are now. */
export function movableServices(
  services: readonly ServiceFacts[],
  nodes: readonly SwarmNodeFacts[],
  nodeId: string,
): readonly ServiceFacts[] {
  const others = nodes.filter((node) => node.id !== nodeId && canTakeTasks(node));
  return services.filter(({ constraints }) =>
    others.some((node) => placement(node, constraints) !== 'no'),
  );
}

/**
 * Whether every replicated service has its replicas running elsewhere, for the end of a drain.
 *
 * @param own the node's tasks before its drain, where others are drained beside it: of a service that is not whole, the places
 * of these alone are waited for. Default: the whole service is.
 */
export function missingReplicas(
  services: readonly ServiceFacts[],
  tasks: readonly TaskFacts[],
  nodes: readonly SwarmNodeFacts[],
  nodeId: string,
  baseline: ServiceBaseline,
  own?: readonly TaskFacts[],
): readonly string[] {
  const staying = stayingTasks(tasks, nodes).filter((task) => task.nodeId !== nodeId);
  const elsewhere = runningTasks(services, staying, nodes);
  return services.flatMap((service) => {
    if (service.replicas === undefined) return [];
    const wanted = Math.min(service.replicas, before(baseline, service));
    const running = elsewhere[service.name] ?? 0;
    const isReplaced = ({ slot }: TaskFacts): boolean =>
      slot !== undefined &&
      tasksOf(service, staying).some((task) => task.slot === slot && runsNow(task, nodes));
    return running >= wanted || (own !== undefined && tasksOf(service, own).every(isReplaced))
      ? []
      : [
          `service ${service.name} runs ${String(running)} of ${String(wanted)} tasks elsewhere` +
            lastError(tasksOf(service, tasks)),
        ];
  });
}

/**
 * What a service still lacks to have converged to its present spec, as a sentence; undefined when it
 * has. Tasks of the spec before do not count: else an update is done before it has begun.
 */
export function whyNotConverged(
  service: ServiceFacts,
  nodes: readonly SwarmNodeFacts[],
  tasks: readonly TaskFacts[],
): string | undefined {
  const halted = whyUpdateHalted(service, tasks);
  if (halted !== undefined) return halted;
  const own = tasksOf(service, tasks).filter((task) => isOfPresentSpec(task, service));
  const running = own.filter((task) => runsNow(task, nodes)).length;
  const wanted = wantedTasks(service, tasks, nodes);
  const isUpdating = service.updateStatus?.state === 'updating';
  return running >= wanted && !isUpdating
    ? undefined
    : `${service.name} ${String(running)}/${String(wanted)}` +
        `${isUpdating ? ', its update is under way' : ''}${lastError(own)}`;
}

/**
 * What a job still lacks to be done, as a sentence; undefined when every task that it wants has completed. Tasks of
 * its runs before do not count.
 */
export function whyNotCompleted(
  service: ServiceFacts,
  nodes: readonly SwarmNodeFacts[],
  tasks: readonly TaskFacts[],
): string | undefined {
  const own = jobTasks(service, tasks);
  const completed = own.filter(({ state }) => state === 'complete').length;
  const wanted = service.job?.completions ?? globalTasks(service, nodes, own);
  return completed >= wanted
    ? undefined
    : `${service.name} ${String(completed)}/${String(wanted)} completed`;
}

/** Tasks of a job's present run that ended badly, and that no other takes the place of. */
export function failedJobTasks(
  service: ServiceFacts,
  tasks: readonly TaskFacts[],
): readonly TaskFacts[] {
  const own = jobTasks(service, tasks);
  const hasEnded = ({ state }: TaskFacts): boolean =>
    ['failed', 'rejected', 'shutdown', 'orphaned'].includes(state);
  return own.filter(
    (task) =>
      (task.state === 'failed' || task.state === 'rejected') &&
      !own.some((other) => other.slot === task.slot && !hasEnded(other)),
  );
}

function jobTasks(service: ServiceFacts, tasks: readonly TaskFacts[]): readonly TaskFacts[] {
  return tasksOf(service, tasks).filter(
    ({ iteration }) => iteration === undefined || iteration === service.job?.iteration,
  );
}

/** Why the swarm gave up on an update, which waiting does not mend; undefined when it did not. */
export function whyUpdateHalted(
  service: ServiceFacts,
  tasks: readonly TaskFacts[],
): string | undefined {
  const halt = updateHalt(service);
  if (halt === undefined) return undefined;
  const isPaused = service.updateStatus?.state === 'paused';
  // After a rollback the spec is the former one again: the tasks that failed are those of another.
  const isMeant = (task: TaskFacts): boolean => isOfPresentSpec(task, service) === isPaused;
  const left = isPaused
    ? 'the tasks it did not reach run as before'
    : 'the swarm holds the spec from before';
  return `${halt}${lastError(tasksOf(service, tasks), isMeant)}; ${left}; mend the cause and update again`;
}

/** How an update ended that the swarm gave up on, in the swarm's words; undefined when it did not. */
export function updateHalt({ name, updateStatus }: ServiceFacts): string | undefined {
  const { state, message } = updateStatus ?? { state: 'completed', message: '' };
  switch (state) {
    case 'updating':
    case 'completed':
    case 'unknown':
      return undefined;
    case 'paused':
      return `service ${name}: its update is paused: ${message}`;
    case 'rollback_started':
    case 'rollback_paused':
    case 'rollback_completed':
      return `service ${name}: its update is taken back (${state}): ${message}`;
  }
}

/** How many tasks a service is to have on the nodes as they are. */
function wantedTasks(
  service: ServiceFacts,
  tasks: readonly TaskFacts[],
  nodes: readonly SwarmNodeFacts[],
): number {
  return service.replicas ?? globalTasks(service, nodes, tasksOf(service, tasks));
}

function tasksOf({ id }: ServiceFacts, tasks: readonly TaskFacts[]): readonly TaskFacts[] {
  return tasks.filter(({ serviceId }) => serviceId === id);
}

/**
 * A task's spec is a copy of its service's, and the API shows no version of it: what is in it has to
 * tell. Between an update and the first task that it replaces nothing else does (seen on 26.1.5).
 */
function isOfPresentSpec(task: TaskFacts, service: ServiceFacts): boolean {
  const isSameTemplate =
    task.template === undefined ||
    service.template === undefined ||
    task.template === service.template;
  return isSameTemplate && isOfImage(task, service);
}

/** The Engine may add a digest to one of them; two digests are compared. */
function isOfImage({ image }: TaskFacts, service: ServiceFacts): boolean {
  if (image === undefined || image === service.image) return true;
  return image.includes('@') && service.image.includes('@')
    ? false
    : withoutDigest(image) === withoutDigest(service.image);
}

function withoutDigest(image: string): string {
  return image.split('@', 1)[0] ?? '';
}

/**
 * How many tasks a global service is to have: one on every active node that its constraints allow.
 * Where a constraint cannot be judged from here, the swarm's own tasks tell, and one is the least.
 */
function globalTasks(
  service: ServiceFacts,
  nodes: readonly SwarmNodeFacts[],
  own: readonly TaskFacts[],
): number {
  const verdicts = nodes
    .filter(canTakeTasks)
    .map((node) => placement(node, service.constraints))
    .filter((verdict) => verdict !== 'no');
  return verdicts.every((verdict) => verdict === 'yes')
    ? verdicts.length
    : Math.max(
        1,
        own.filter((task) => task.desiredState === 'running' && isAlive(task.nodeId, nodes)).length,
      );
}

/** Whether the scheduler gives new tasks to a node. */
export function canTakeTasks(node: { state: string; availability: Availability }): boolean {
  return node.state === 'ready' && node.availability === 'active';
}

/** The latest error of some tasks, in brackets; if it can be, of those that are preferred. */
function lastError(
  tasks: readonly TaskFacts[],
  isPreferred: (task: TaskFacts) => boolean = () => true,
): string {
  const failed = tasks
    .filter(({ error }) => error !== '')
    .sort((a, b) => (b.sinceMs ?? 0) - (a.sinceMs ?? 0));
  const last = failed.find(isPreferred) ?? failed[0];
  return last === undefined ? '' : ` (${last.error})`;
}
