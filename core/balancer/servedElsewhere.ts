import type { ServiceFacts, TaskFacts } from '../facts';

/**
 * Ports of the nodes themselves that services of the swarm publish while none of these has, or is to have, a task on this
 * node: nobody listens there, and nobody will before the swarm places a task anew.
 */
export function portsServedElsewhere(
  services: readonly ServiceFacts[],
  tasks: readonly TaskFacts[],
  nodeId: string,
): ReadonlySet<number> {
  const here = new Set(
    tasks
      .filter((task) => task.nodeId === nodeId && task.desiredState === 'running')
      .map(({ serviceId }) => serviceId),
  );
  const portsOf = (wanted: readonly ServiceFacts[]): readonly number[] =>
    wanted.flatMap(({ hostPorts = [] }) => hostPorts);
  const taken = new Set(portsOf(services.filter(({ id }) => here.has(id))));
  return new Set(portsOf(services).filter((port) => !taken.has(port)));
}
