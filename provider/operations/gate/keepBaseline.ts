import { highestBaseline, readBaseline, readBaselines, withBaseline } from '../../../core/lease';
import { recentTasksMilliseconds } from '../../../core/recentLook';
import type { RunningServices, SwarmLook } from '../../../core/recentLook';
import { runningTasks } from '../../../core/services';
import type { Operation } from '../../server/resource';
import type { Lease } from '../hold/lease';
import { askManager } from '../ask/managers';
import { accessOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';

/**
 * The baseline is taken once, before anything is touched; a resumed run finds the first one.
 *
 * @param going `look`: the swarm as the node's gate has seen it, which serves for a moment. Default: it is looked at now.
 */
export async function keepBaseline(going: {
  readonly operation: Operation;
  readonly spec: NodeInputs;
  readonly lease: Lease;
  readonly look?: SwarmLook | undefined;
}): Promise<void> {
  const { operation, spec, lease, look } = going;
  const kept = await lease.readLabels();
  if (readBaseline(kept, spec.name) !== undefined) return;
  const sinceMs = operation.effects.clock.monotonicMs() - (look?.atMs ?? 0);
  const { services, tasks, nodes } =
    look?.running !== undefined && sinceMs <= recentTasksMilliseconds
      ? { ...look.running, nodes: look.nodes }
      : await lookNow(operation, spec);
  // What is drained beside it lacks a part of what it had.
  const replicated = services.filter(({ replicas }) => replicas !== undefined);
  const baseline = highestBaseline(
    runningTasks(services, tasks, nodes),
    Object.values(readBaselines(kept)),
    replicated.map(({ name }) => name),
  );
  await lease.changeLabels((labels) => withBaseline(labels, spec.name, baseline));
}

async function lookNow(
  operation: Operation,
  spec: NodeInputs,
): Promise<RunningServices & Pick<SwarmLook, 'nodes'>> {
  return askManager(operation, accessOf(spec), async ({ docker }) => {
    const services = await docker.services();
    if (services.length === 0) return { services, tasks: [], nodes: [] };
    const [tasks, nodes] = await Promise.all([docker.tasks(), docker.nodes()]);
    return { services, tasks, nodes };
  });
}
