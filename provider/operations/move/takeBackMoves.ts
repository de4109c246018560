import type { ServiceFacts, TaskFacts } from '../../../core/facts';
import { movedOff, moveLabel, takenBack, whyNotYet } from '../../../core/moves';
import type { Clock } from '../../../effects/clock';
import { waitUntil } from '../ask/waitUntil';
import { askNewest, listServices, lookAtServices } from './serviceManager';
import type { Mover } from './serviceManager';

/** Between a look and the one before, for a task to count as new: less than the shortest delay of a restart. */
const freshMilliseconds = 800;

/** Tells tasks that were not there at the look before. */
export class TaskWatch {
  private before: { readonly ids: ReadonlySet<string>; readonly atMs: number } | undefined;

  constructor(private readonly clock: Clock) {}

  /** Takes a look's tasks, and says of each whether it is new since the last one. */
  look(tasks: readonly TaskFacts[]): (taskId: string) => boolean {
    const { before } = this;
    const atMs = this.clock.monotonicMs();
    this.before = { ids: new Set(tasks.map(({ id }) => id)), atMs };
    return (taskId) =>
      before !== undefined && atMs - before.atMs <= freshMilliseconds && !before.ids.has(taskId);
  }
}

/**
 * Takes back what moves have put into the specs of services, this run's or an interrupted one's, as soon as
 * that stops no task. What somebody has changed meanwhile stays. Nothing where there is no mark of a move.
 *
 * @param options.nodeId only moves off this node. Default: off any.
 * @param options.serviceId only this service. Default: all.
 * @throws SwarmError `TimedOut`: the marks are left to the next run.
 */
export async function takeBackMoves(
  mover: Mover,
  timeoutSeconds: number,
  options: {
    readonly nodeId?: string;
    readonly serviceId?: string;
    readonly watch?: TaskWatch;
  } = {},
): Promise<void> {
  const watch = options.watch ?? new TaskWatch(mover.operation.effects.clock);
  const isMeant = (service: ServiceFacts): boolean =>
    service.labels[moveLabel] !== undefined &&
    (options.nodeId === undefined || movedOff(service) === options.nodeId) &&
    (options.serviceId === undefined || service.id === options.serviceId);
  await waitUntil(mover.operation, 'the services are as they were', timeoutSeconds, async () => {
    // Mostly there is none, and nobody needs the lists of a large cluster's tasks and nodes.
    if (!(await listServices(mover)).some(isMeant)) return true;
    const facts = await lookAtServices(mover);
    const isFresh = watch.look(facts.tasks);
    const whys: string[] = [];
    for (const service of facts.services.filter(isMeant)) {
      const why = whyNotYet(service, facts, isFresh);
      if (why === undefined) await takeBack(mover, service);
      whys.push(why ?? `${service.name}: looked at once more`);
    }
    return whys.length === 0 || whys.join('; ');
  });
}

/**
 * Twice the same spec: `docker service rollback` goes to the spec before the last update, and that is the
 * present one then, not the one of the move.
 */
async function takeBack(mover: Mover, seen: ServiceFacts): Promise<void> {
  const placement = takenBack(seen);
  if (placement === undefined) return;
  const { nodes } = await lookAtServices(mover);
  await askNewest(mover, nodes, async ({ docker }) => {
    await docker.placeService(seen, placement);
    const now = (await docker.services()).find(({ id }) => id === seen.id);
    if (now !== undefined && now.labels[moveLabel] === undefined) {
      await docker.placeService(now, {
        labels: now.labels,
        constraints: now.constraints,
        updateConfig: now.mobility?.updateConfig,
      });
    }
  });
}
