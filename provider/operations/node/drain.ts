import { SwarmError, errorMessage } from '../../../core/errors';
import type { Availability, SwarmNodeFacts, TaskFacts } from '../../../core/facts';
import type { Labels } from '../../../core/labels';
import { readBaseline, withoutBaseline } from '../../../core/lease';
import { isRunning, missingReplicas, movableServices, tasksPresent } from '../../../core/services';
import type { DockerApi } from '../../../effects/docker';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { changeLeaseLabels } from '../hold/lease';
import type { Lease } from '../hold/lease';
import { takeBackMoves } from '../move/takeBackMoves';
import { giveNodeBack } from '../balancer/giveNodeBack';
import { askManager } from '../ask/managers';
import { accessOf, timeoutsOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';
import { isTimedOut, waitUntil } from '../ask/waitUntil';

/** A node on its way out. */
interface Draining {
  readonly operation: Operation;
  readonly spec: NodeInputs;
  readonly entry: SwarmNodeFacts;
  /** The node itself, if it answers. */
  readonly machine?: Host | undefined;
  readonly lease: Lease;
  readonly isDestroy: boolean;
  /** Nothing is scheduled while it is out: what can run nowhere else is not waited for. Default: false. */
  readonly isOutage?: boolean;
  /**
   * Called as soon as the swarm shows that it is drained: from then on the lease may be given back, and others are drained
   * beside it. Default: the lease is held until it is drained.
   */
  readonly onBegun?: () => void;
}

/**
 * Drains a node and sees it empty, and its replicas running elsewhere. In a destroy nothing is
 * waited for but the node's own tasks. At the timeout the node gets its availability back, and the
 * error names the tasks that would not go.
 */
export async function drain(going: Draining): Promise<void> {
  const { operation, spec, entry, lease, isDestroy, machine } = going;
  const access = accessOf(spec);
  const avoid = [spec.name];
  const baseline = isDestroy ? {} : (readBaseline(await lease.readLabels(), spec.name) ?? {});
  const own = going.onBegun === undefined ? undefined : await tasksOn(going);
  await setAvailability(going, 'drain');
  going.onBegun?.();
  // The tasks of a node that is down never report their end.
  if (entry.state === 'down') return;
  try {
    await waitUntil(operation, 'the drain', timeoutsOf(spec).drain, async (heed) => {
      // Containers that end are known first to the engine that they were on.
      if (machine !== undefined) heed(machine.docker);
      const ask = <T>(question: (docker: DockerApi) => Promise<T>): Promise<T> =>
        askManager(
          operation,
          access,
          ({ docker }) => {
            heed(docker);
            return question(docker);
          },
          { avoid },
        );
      const [services, left] = await ask((docker) =>
        Promise.all([docker.services(), docker.tasks({ nodeId: entry.id })]),
      );
      const present = tasksPresent(left, entry.id);
      if (present.length > 0) {
        const names = present.map(
          ({ serviceId, state }) =>
            `${services.find(({ id }) => id === serviceId)?.name ?? serviceId} (${state})`,
        );
        return `${String(present.length)} tasks still there: ${names.join(', ')}`;
      }
      if (isDestroy || services.length === 0) return true;
      // Only now the lists of the whole swarm, which are long.
      const [tasks, nodes] = await ask((docker) => Promise.all([docker.tasks(), docker.nodes()]));
      const movable =
        going.isOutage === true ? movableServices(services, nodes, entry.id) : services;
      const missing = missingReplicas(movable, tasks, nodes, entry.id, baseline, own);
      return missing.length === 0 || missing.join('; ');
    });
  } catch (error) {
    if (!isTimedOut(error)) throw error;
    await undoDrain(going);
    throw new SwarmError(
      'TimedOut',
      `${errorMessage(error)}; ${spec.name} is ${spec.availability ?? 'active'} again and as it was; ` +
        'see to what is named, or declare a longer `timeouts.drain`; then `pulumi up` goes on',
      { source: 'world', cause: error },
    );
  }
}

/** The node as it was declared before it was to go: available, and with no baseline of a step that was given up. */
export async function undoDrain(going: Draining): Promise<void> {
  const { operation, spec, entry, lease } = going;
  const mover = { operation, access: accessOf(spec), avoid: [spec.name] };
  await takeBackMoves(mover, timeoutsOf(spec).drain, { nodeId: entry.id });
  await setAvailability(going, spec.availability ?? 'active');
  const forget = (labels: Labels): Labels => withoutBaseline(labels, spec.name);
  await (going.onBegun === undefined
    ? lease.changeLabels(forget)
    : changeLeaseLabels(operation, accessOf(spec), forget));
  // The error that led here is the one to be told; a server that stays drained is drift, and mended as such.
  await giveNodeBack(operation, spec, entry.id).catch((error: unknown) => {
    going.operation.log('warning', errorMessage(error));
  });
}

/** What the node is to run, for it to run elsewhere. */
async function tasksOn({ operation, spec, entry }: Draining): Promise<readonly TaskFacts[]> {
  const tasks = await askManager(
    operation,
    accessOf(spec),
    ({ docker }) => docker.tasks({ nodeId: entry.id }),
    { avoid: [spec.name] },
  );
  return tasks.filter(isRunning);
}

export function setAvailability(
  { operation, spec, entry }: Pick<Draining, 'operation' | 'spec' | 'entry'>,
  availability: Availability,
): Promise<void> {
  return askManager(
    operation,
    accessOf(spec),
    ({ docker }) => docker.updateNode(entry.id, { availability }),
    { avoid: [spec.name] },
  );
}
