import { highestBaseline, readBaseline, readBaselines, withBaseline } from '../../../core/lease';
import { runningTasks } from '../../../core/services';
import type { Operation } from '../../server/resource';
import type { Lease } from '../hold/lease';
import { askManager } from '../ask/managers';
import { accessOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';

/** The baseline is taken once, before anything is touched; a resumed run finds the first one. */
export async function keepBaseline(going: {
  readonly operation: Operation;
  readonly spec: NodeInputs;
  readonly lease: Lease;
}): Promise<void> {
  const { operation, spec, lease } = going;
  const kept = await lease.readLabels();
  if (readBaseline(kept, spec.name) !== undefined) return;
  const [services, tasks, nodes] = await askManager(
    operation,
    accessOf(spec),
    async ({ docker }) => {
      const found = await docker.services();
      const isNone = found.length === 0;
      return isNone
        ? ([[], [], []] as const)
        : ([found, ...(await Promise.all([docker.tasks(), docker.nodes()]))] as const);
    },
  );
  // What is drained beside it lacks a part of what it had.
  const replicated = services.filter(({ replicas }) => replicas !== undefined);
  const baseline = highestBaseline(
    runningTasks(services, tasks, nodes),
    Object.values(readBaselines(kept)),
    replicated.map(({ name }) => name),
  );
  await lease.changeLabels((labels) => withBaseline(labels, spec.name, baseline));
}
