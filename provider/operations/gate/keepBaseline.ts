import { readBaseline, withBaseline } from '../../../core/lease';
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
  if (readBaseline(await lease.readLabels(), spec.name) !== undefined) return;
  const [services, tasks, nodes] = await askManager(operation, accessOf(spec), ({ docker }) =>
    Promise.all([docker.services(), docker.tasks(), docker.nodes()]),
  );
  await lease.changeLabels((labels) =>
    withBaseline(labels, spec.name, runningTasks(services, tasks, nodes)),
  );
}
