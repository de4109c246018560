import { SwarmError } from '../../core/errors';
import type { SwarmNodeFacts } from '../../core/facts';
import { readBaseline } from '../../core/lease';
import { missingReplicas, tasksPresent } from '../../core/services';
import type { Operation } from '../server/resource';
import type { Lease } from './lease';
import { askManager } from './managers';
import { accessOf, timeoutsOf } from './nodeSpec';
import type { NodeInputs } from './nodeSpec';
import { waitUntil } from './waitUntil';

/**
 * Drains a node and sees it empty, and its replicas running elsewhere. In a destroy nothing is
 * waited for but the node's own tasks. At the timeout the node gets its availability back, and the
 * error names the tasks that would not go.
 */
export async function drain(going: {
  readonly operation: Operation;
  readonly spec: NodeInputs;
  readonly entry: SwarmNodeFacts;
  readonly lease: Lease;
  readonly isDestroy: boolean;
}): Promise<void> {
  const { operation, spec, entry, lease, isDestroy } = going;
  const access = accessOf(spec);
  const avoid = [spec.name];
  const set = (availability: SwarmNodeFacts['availability']): Promise<void> =>
    askManager(operation, access, ({ docker }) => docker.updateNode(entry.id, { availability }), {
      avoid,
    });
  const baseline = isDestroy ? {} : (readBaseline(await lease.readLabels(), spec.name) ?? {});
  await set('drain');
  // The tasks of a node that does not answer never report their end.
  if (entry.state !== 'ready') return;
  try {
    await waitUntil(operation, 'the drain', timeoutsOf(spec).drain, async () => {
      const [services, tasks] = await askManager(
        operation,
        access,
        ({ docker }) => Promise.all([docker.services(), docker.tasks()]),
        { avoid },
      );
      const present = tasksPresent(tasks, entry.id);
      if (present.length > 0) {
        const names = present.map(
          ({ serviceId, state }) =>
            `${services.find(({ id }) => id === serviceId)?.name ?? serviceId} (${state})`,
        );
        return `${String(present.length)} tasks still there: ${names.join(', ')}`;
      }
      const missing = isDestroy ? [] : missingReplicas(services, tasks, entry.id, baseline);
      return missing.length === 0 || missing.join('; ');
    });
  } catch (error) {
    const isTimeout = error instanceof SwarmError && error.code === 'TimedOut';
    if (isTimeout && entry.availability !== 'drain') await set(entry.availability);
    throw error;
  }
}
