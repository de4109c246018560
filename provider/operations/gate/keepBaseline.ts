import { highestBaseline, readBaseline, readBaselines, withBaseline } from '../../../core/lease';
import type { ServiceBaseline } from '../../../core/lease';
import { recentTasksMilliseconds } from '../../../core/recentLook';
import type { RunningServices, SwarmLook } from '../../../core/recentLook';
import { isWhole, runningTasks } from '../../../core/services';
import type { Operation } from '../../server/resource';
import type { Lease } from '../hold/lease';
import { askManager } from '../ask/managers';
import { accessOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';

/**
 * The baseline is taken once, before anything is touched; a resumed run finds the first one.
 *
 * @param going `look`: the swarm as the node's gate has seen it, which serves for a moment, if every service was whole. Default: it is looked
 * at now.
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
  const others = Object.values(readBaselines(kept));
  const baseline =
    baselineOf(usable(operation, look), others) ??
    takenFrom(await lookNow(operation, spec), others);
  await lease.changeLabels((labels) => withBaseline(labels, spec.name, baseline));
}

type Lists = RunningServices & Pick<SwarmLook, 'nodes'>;

function usable({ effects }: Operation, look: SwarmLook | undefined): Lists | undefined {
  if (look?.running === undefined) return undefined;
  const isRecent = effects.clock.monotonicMs() - look.atMs <= recentTasksMilliseconds;
  return isRecent ? { ...look.running, nodes: look.nodes } : undefined;
}

/** What was just being started at that moment would be missing for as long as the node is out: then it is looked at anew. */
function baselineOf(
  lists: Lists | undefined,
  others: readonly ServiceBaseline[],
): ServiceBaseline | undefined {
  if (lists === undefined) return undefined;
  const baseline = takenFrom(lists, others);
  return isWhole(baseline, lists.services, lists.tasks, lists.nodes) ? baseline : undefined;
}

/** What is drained beside it lacks a part of what it had. */
function takenFrom(
  { services, tasks, nodes }: Lists,
  others: readonly ServiceBaseline[],
): ServiceBaseline {
  const replicated = services.filter(({ replicas }) => replicas !== undefined);
  return highestBaseline(
    runningTasks(services, tasks, nodes),
    others,
    replicated.map(({ name }) => name),
  );
}

async function lookNow(operation: Operation, spec: NodeInputs): Promise<Lists> {
  return askManager(operation, accessOf(spec), async ({ docker }) => {
    const services = await docker.services();
    if (services.length === 0) return { services, tasks: [], nodes: [] };
    const [tasks, nodes] = await Promise.all([docker.tasks(), docker.nodes()]);
    return { services, tasks, nodes };
  });
}
