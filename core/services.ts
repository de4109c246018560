import type { Availability, ServiceFacts, SwarmNodeFacts, TaskFacts, TaskState } from './facts';
import type { ServiceBaseline } from './lease';
import { placement } from './placement';

/** Task states in which a container is on the node, or is about to be: these end a drain only when they are gone. */
const presentStates: readonly TaskState[] = [
  'assigned',
  'accepted',
  'preparing',
  'ready',
  'starting',
  'running',
];

/** Tasks that still occupy a node, whatever their desired state (swarm.md, "Drain"). */
export function tasksPresent(tasks: readonly TaskFacts[], nodeId: string): readonly TaskFacts[] {
  return tasks.filter((task) => task.nodeId === nodeId && presentStates.includes(task.state));
}

/** Running tasks of every service, by name. */
export function runningTasks(
  services: readonly ServiceFacts[],
  tasks: readonly TaskFacts[],
): ServiceBaseline {
  return Object.fromEntries(
    services.map((service) => [
      service.name,
      tasks.filter((task) => task.serviceId === service.id && task.state === 'running').length,
    ]),
  );
}

/** Services that run fewer tasks than before, as sentences. A service that is gone is nobody's loss here. */
export function worseThanBaseline(
  baseline: ServiceBaseline,
  services: readonly ServiceFacts[],
  tasks: readonly TaskFacts[],
): readonly string[] {
  const now = runningTasks(services, tasks);
  return services.flatMap((service) => {
    const before = baseline[service.name] ?? 0;
    const wanted = service.replicas === undefined ? before : Math.min(before, service.replicas);
    const running = now[service.name] ?? 0;
    return running < wanted
      ? [
          `service ${service.name} runs ${String(running)} of ${String(wanted)} tasks` +
            lastError(tasks, service.id),
        ]
      : [];
  });
}

/** Whether every replicated service has its replicas running elsewhere, for the end of a drain. */
export function missingReplicas(
  services: readonly ServiceFacts[],
  tasks: readonly TaskFacts[],
  nodeId: string,
  baseline: ServiceBaseline,
): readonly string[] {
  return services.flatMap((service) => {
    if (service.replicas === undefined) return [];
    const wanted = Math.min(service.replicas, baseline[service.name] ?? 0);
    const elsewhere = tasks.filter(
      (task) => task.serviceId === service.id && task.state === 'running' && task.nodeId !== nodeId,
    ).length;
    return elsewhere < wanted
      ? [
          `service ${service.name} runs ${String(elsewhere)} of ${String(wanted)} tasks elsewhere` +
            lastError(tasks, service.id),
        ]
      : [];
  });
}

/** Tasks that a service still lacks to have converged, as a sentence; undefined when it has. */
export function whyNotConverged(
  service: ServiceFacts,
  nodes: readonly SwarmNodeFacts[],
  tasks: readonly TaskFacts[],
): string | undefined {
  const own = tasks.filter((task) => task.serviceId === service.id);
  const running = own.filter((task) => task.state === 'running').length;
  const wanted = service.replicas ?? globalTasks(service, nodes, own);
  return running >= wanted
    ? undefined
    : `${service.name} ${String(running)}/${String(wanted)}${lastError(tasks, service.id)}`;
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
    .filter(canRunGlobal)
    .map((node) => placement(node, service.constraints))
    .filter((verdict) => verdict !== 'no');
  return verdicts.every((verdict) => verdict === 'yes')
    ? verdicts.length
    : Math.max(1, own.filter((task) => task.desiredState === 'running').length);
}

function canRunGlobal(node: { state: string; availability: Availability }): boolean {
  return node.state === 'ready' && node.availability === 'active';
}

function lastError(tasks: readonly TaskFacts[], serviceId: string): string {
  const error = tasks.find((task) => task.serviceId === serviceId && task.error !== '')?.error;
  return error === undefined ? '' : ` (${error})`;
}
