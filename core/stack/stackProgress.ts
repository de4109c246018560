import type { ServiceFacts, SwarmNodeFacts, SwarmObjectFacts, TaskFacts } from '../facts';
import {
  failedJobTasks,
  presentStates,
  runsNow,
  updateHalt,
  whyNotCompleted,
  whyNotConverged,
} from '../services';
import { changedByHand, settingsText } from './changedByHand';
import { stable, type StackService } from './stackPlan';

/** How far a service of a stack has come. */
export interface ServiceProgress {
  readonly name: string;
  /** `web 3/5`; undefined when it has converged. */
  readonly lacks: string | undefined;
  /** The swarm gave up on its update, which no waiting mends. */
  readonly halted: string | undefined;
  /** Tasks that do not start for a reason that lies outside of them: no image, no node. Not those that start and fail. */
  readonly blocked: readonly string[];
  /** Each of those has a successor that is on its way: no image this time may be one the next. */
  readonly isTrying: boolean;
  /** Every error of its present tasks, those that started and failed too; the same ones together. */
  readonly errors: readonly string[];
  readonly running: number;
}

export interface StackSight {
  readonly services: readonly ServiceFacts[];
  readonly tasks: readonly TaskFacts[];
  readonly nodes: readonly SwarmNodeFacts[];
  /** IDs of tasks that had failed before: what became of them is past. Default: none. */
  readonly past?: ReadonlySet<string>;
}

/** Each service that the plan has, in its order. */
export function stackProgress(
  wanted: readonly StackService[],
  { services, tasks, nodes, past = new Set() }: StackSight,
): readonly ServiceProgress[] {
  return wanted.map(({ key, body }): ServiceProgress => {
    const found = services.find(({ name }) => name === body.Name);
    if (found === undefined) {
      const lacks = `${key} is not listed yet`;
      return {
        name: key,
        lacks,
        halted: undefined,
        blocked: [],
        isTrying: false,
        errors: [],
        running: 0,
      };
    }
    const all = tasks.filter(({ serviceId }) => serviceId === found.id);
    const own = all.filter(({ template }) => template === undefined || template === found.template);
    // A service that is on its way back is no place to begin anything from: its end is waited for.
    const isGoingBack = found.updateStatus?.state === 'rollback_started';
    const halted = isGoingBack ? undefined : updateHalt(found);
    // Its errors come with it, grouped.
    const silent = all.map((task) => ({ ...task, error: '' }));
    if (found.job !== undefined) return jobProgress(key, found, all, nodes);
    const lacks = whyNotConverged(found, nodes, silent);
    const isRolledBack = found.updateStatus?.state.startsWith('rollback') === true;
    const blocked = own.filter(
      (task) =>
        isBlocked(task) &&
        !past.has(task.id) &&
        !successors(task, own).some((other) => runsNow(other, nodes)),
    );
    return {
      name: key,
      lacks,
      halted,
      blocked: groupedErrors(blocked, nodes),
      isTrying: blocked.every((task) => successors(task, own).length > 0),
      // After a rollback the tasks that failed are those of another spec.
      errors: groupedErrors(isRolledBack ? all : own, nodes),
      running: own.filter((task) => runsNow(task, nodes)).length,
    };
  });
}

/** A job that fails for good is one that stands still: what its tasks ended with is the reason. */
function jobProgress(
  name: string,
  service: ServiceFacts,
  all: readonly TaskFacts[],
  nodes: readonly SwarmNodeFacts[],
): ServiceProgress {
  const failed = failedJobTasks(service, all);
  const waiting = all.filter(
    (task) => task.iteration === service.job?.iteration && task.state === 'pending',
  );
  const lacks = whyNotCompleted(service, nodes, all);
  const errors = groupedErrors([...failed, ...waiting], nodes);
  return {
    name,
    lacks,
    halted:
      lacks !== undefined && failed.length > 0 && waiting.length === 0
        ? `${lacks}, and it is not tried again`
        : undefined,
    blocked: lacks === undefined ? [] : errors,
    isTrying: false,
    errors,
    running: all.filter(({ state }) => state === 'complete').length,
  };
}

function isBlocked({ state, desiredState, error }: TaskFacts): boolean {
  if (error === '') return false;
  return state === 'rejected' || (state === 'pending' && desiredState === 'running');
}

/** Tasks in the place of one that ended, on their way or there. */
function successors(task: TaskFacts, own: readonly TaskFacts[]): readonly TaskFacts[] {
  return own.filter(
    (other) =>
      other.id !== task.id &&
      other.slot !== undefined &&
      other.slot === task.slot &&
      ['ready', 'running'].includes(other.desiredState) &&
      presentStates.includes(other.state),
  );
}

/** Docker's own time of watching a task that has come to run (docker/cli `service/progress`). */
const defaultMonitorSeconds = 5;

/** Seconds that all tasks of a service that was changed have to run on before it counts as converged. */
export function monitorSeconds({ body }: StackService): number {
  // What has completed runs no more.
  if (body.Mode.ReplicatedJob !== undefined || body.Mode.GlobalJob !== undefined) return 0;
  const { Monitor = 0 } = body.UpdateConfig ?? {};
  return Monitor === 0 ? defaultMonitorSeconds : Monitor / 1e9;
}

/** `No such image: web:5 on w1 and w2 (4 tasks)`: one line for each error, with the nodes that it was seen on. */
export function groupedErrors(
  tasks: readonly TaskFacts[],
  nodes: readonly SwarmNodeFacts[],
): readonly string[] {
  const groups = new Map<string, TaskFacts[]>();
  for (const task of tasks.filter(({ error }) => error !== '')) {
    const group = groups.get(task.error) ?? [];
    group.push(task);
    groups.set(task.error, group);
  }
  return [...groups].map(([error, group]) => {
    const ids = [...new Set(group.map(({ nodeId }) => nodeId).filter((id) => id !== ''))];
    const names = ids.map((id) => nodes.find((node) => node.id === id)?.hostname ?? id).sort();
    const where = names.length === 0 ? '' : ` on ${listed(names)}`;
    const count = group.length === 1 ? '' : ` (${String(group.length)} tasks)`;
    return `${error}${where}${count}`;
  });
}

function listed(names: readonly string[]): string {
  return names.length < 2
    ? names.join('')
    : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

/**
 * Whether a service in the swarm is the one that was planned: sent as it is, and not changed by hand since.
 *
 * @param networks As `changedByHand` takes them.
 */
export function isAsPlanned(
  { body }: StackService,
  found: ServiceFacts,
  networks: readonly SwarmObjectFacts[] = [],
): boolean {
  const replicas = body.Mode.Replicated?.Replicas;
  return (
    Object.entries(body.Labels).every(([name, value]) => found.labels[name] === value) &&
    hasImage(found, body.TaskTemplate.ContainerSpec.Image) &&
    (replicas === undefined || found.replicas === replicas) &&
    Object.keys(changedByHand(body, found, networks)).length === 0
  );
}

/** A digest that the Engine added is no other image. */
export function hasImage(found: ServiceFacts, image: string): boolean {
  return found.image === image || found.image.startsWith(`${image}@`);
}

/** Whether nobody has changed a service between two looks; the progress of its update is no change of it. */
export function isSameService(before: ServiceFacts, now: ServiceFacts): boolean {
  const changeable = (service: ServiceFacts) => {
    const { id, image, replicas, template, labels, constraints, ports } = service;
    const settings = settingsText(service);
    return stable({ id, image, replicas, template, labels, constraints, ports, settings });
  };
  return changeable(before) === changeable(now);
}
