import type { ServiceFacts, SwarmNodeFacts, TaskFacts } from './facts';
import { labelPrefix } from './labels';
import type { Labels } from './labels';
import { isRecord } from './isRecord';
import { mayRun } from './placement';
import { groupedErrors } from './stack/stackProgress';
import { canTakeTasks, presentStates, updateHalt, whyNotConverged } from './services';

/** How the tasks of a node that goes are replaced: by the swarm's plain drain, or start-first before it. */
export const drainWays = ['stopFirst', 'startFirst'] as const;
export type DrainWay = (typeof drainWays)[number];

/**
 * On a service whose tasks are being moved off a node: which node, and what its update_config was. With it
 * alone the next operation, or a stranger, takes back what was changed.
 */
export const moveLabel = `${labelPrefix}moving`;

/** `update_config` as the Engine's API has it; all of it is kept, whatever later engines add. */
export type UpdateConfig = Readonly<Record<string, unknown>>;

/** The part of a service's spec that a move changes. */
export interface Placement {
  readonly labels: Labels;
  readonly constraints: readonly string[];
  readonly updateConfig: UpdateConfig | undefined;
}

interface MoveMark {
  /** ID of the node that tasks are moved off. */
  readonly node: string;
  readonly before: UpdateConfig | null;
  /** One task is moved, and not all of them. Default: all. */
  readonly isOne?: true;
}

/** How many tasks a move takes off a node. */
export type MoveExtent = 'all' | 'one';

/**
 * The spec under which the swarm moves the tasks on one node, and those alone, start-first and one after
 * another: a change of nothing but placement constraints leaves tasks on nodes that match as they are
 * (swarmkit `orchestrator.IsTaskDirty`), and its constraint enforcer leaves a paused node's tasks alone.
 *
 * @param extent `one`: the updater waits for longer than anybody moves before it takes the next one.
 */
export function movingOff(
  service: ServiceFacts,
  nodeId: string,
  extent: MoveExtent = 'all',
): Placement {
  const before = service.mobility?.updateConfig;
  const mark: MoveMark = {
    ...{ node: nodeId, before: before ?? null },
    ...(extent === 'one' ? { isOne: true } : {}),
  };
  return {
    labels: { ...service.labels, [moveLabel]: JSON.stringify(mark) },
    constraints: [...service.constraints, offNode(nodeId)],
    updateConfig: whileMoving(before, extent),
  };
}

/**
 * The spec without what a move has put into it; undefined: there is nothing of a move in it. What somebody
 * has changed meanwhile stays: of the order of updates only our own is taken back.
 */
export function takenBack(service: ServiceFacts): Placement | undefined {
  const text = service.labels[moveLabel];
  if (text === undefined) return undefined;
  const labels = Object.fromEntries(
    Object.entries(service.labels).filter(([name]) => name !== moveLabel),
  );
  const present = service.mobility?.updateConfig;
  const mark = parseMark(text);
  if (mark === undefined)
    return { labels, constraints: service.constraints, updateConfig: present };
  const before = mark.before ?? undefined;
  const isOurs = isSame(present, whileMoving(before, mark.isOne === true ? 'one' : 'all'));
  return {
    labels,
    constraints: service.constraints.filter((each) => each !== offNode(mark.node)),
    updateConfig: isOurs ? before : present,
  };
}

/** The node that a service's tasks are being moved off; undefined: none. */
export function movedOff({ labels }: Pick<ServiceFacts, 'labels'>): string | undefined {
  return parseMark(labels[moveLabel] ?? '')?.node;
}

function parseMark(text: string): MoveMark | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value) || typeof value['node'] !== 'string') return undefined;
    const { node, before, isOne } = value;
    return {
      ...{ node, before: isRecord(before) ? before : null },
      ...(isOne === true ? { isOne } : {}),
    };
  } catch {
    return undefined;
  }
}

function offNode(nodeId: string): string {
  return `node.id!=${nodeId}`;
}

/** A day, in the nanoseconds of the Engine's API: between the first task of a node and the next one. */
const delayAfterOne = 86_400e9;

/** A failed task stops the move; its own health checks and time of watching stay. */
function whileMoving(before: UpdateConfig | undefined, extent: MoveExtent): UpdateConfig {
  return {
    ...before,
    Parallelism: 1,
    Delay: extent === 'one' ? delayAfterOne : 0,
    Order: 'start-first',
    FailureAction: 'pause',
    MaxFailureRatio: 0,
  };
}

/** The Engine leaves out what is a default. */
function isSame(a: UpdateConfig | undefined, b: UpdateConfig): boolean {
  return [...new Set([...Object.keys(a ?? {}), ...Object.keys(b)])].every((key) => {
    const [one, other] = [a?.[key] ?? 0, b[key] ?? 0];
    return JSON.stringify(one) === JSON.stringify(other);
  });
}

/** The services of a node that goes. */
export interface Moves {
  /** Those whose tasks are moved start-first, with how many there are. */
  readonly moved: readonly { readonly service: ServiceFacts; readonly tasks: number }[];
  /** Those whose tasks go by the plain drain, stop first, and why. */
  readonly left: readonly { readonly name: string; readonly why: string }[];
}

export interface MoveFacts {
  readonly services: readonly ServiceFacts[];
  readonly tasks: readonly TaskFacts[];
  readonly nodes: readonly SwarmNodeFacts[];
}

export function planMoves(facts: MoveFacts, nodeId: string): Moves {
  const there = facts.services
    .map((service) => ({ service, tasks: tasksOn(service, facts, nodeId).length }))
    .filter(({ tasks }) => tasks > 0)
    .map((each) => ({ ...each, why: whyNotMoved(each.service, facts, nodeId, each.tasks) }));
  return {
    moved: there.flatMap(({ service, tasks, why }) =>
      why === undefined ? [{ service, tasks }] : [],
    ),
    left: there.flatMap(({ service: { name }, why }) => (why === undefined ? [] : [{ name, why }])),
  };
}

/** A restart at once leaves no moment at which a task that fails could be taken back safely. */
const leastRestartDelaySeconds = 1;

/** Why the tasks of a service on a node cannot be moved start-first; undefined: they can. */
export function whyNotMoved(
  service: ServiceFacts,
  facts: MoveFacts,
  nodeId: string,
  count: number,
): string | undefined {
  const fixed = whyFixed(service);
  if (fixed !== undefined) return fixed;
  const unfinished = whyUnfinished(service, facts);
  if (unfinished !== undefined) return unfinished;
  const fitting = facts.nodes.filter(
    (node) => node.id !== nodeId && canTakeTasks(node) && mayRun(node, service) !== 'no',
  );
  if (fitting.length === 0) return 'no other node may run it';
  return whyNoRoom(service, facts, fitting, count);
}

/** Why no task of a service is ever moved, whatever the nodes are; undefined: they may be. */
export function whyFixed(service: ServiceFacts): string | undefined {
  const { mode, replicas, job, mobility } = service;
  if (job !== undefined) return 'it is a job';
  if (mode === 'global') return 'it has a task on every node';
  if (mobility?.hasVolumes === true) return 'its volumes are of the node';
  if (replicas === 1 && mobility?.updateConfig?.['Order'] === 'stop-first') {
    return 'one replica, whose updates are declared stop-first';
  }
  if ((mobility?.restartDelaySeconds ?? Infinity) < leastRestartDelaySeconds) {
    return 'its tasks are restarted without a delay';
  }
  return undefined;
}

/** Why nothing of a service is begun just now; undefined: it has converged. */
export function whyUnfinished(service: ServiceFacts, facts: MoveFacts): string | undefined {
  const unfinished = updateHalt(service) ?? whyNotConverged(service, facts.nodes, facts.tasks);
  return unfinished === undefined ? undefined : `it has not converged: ${unfinished}`;
}

function whyNoRoom(
  service: ServiceFacts,
  facts: MoveFacts,
  fitting: readonly SwarmNodeFacts[],
  count: number,
): string | undefined {
  const ports = service.hostPorts ?? [];
  const free = fitting.filter(({ id }) => !ports.some((port) => isTaken(port, facts, id)));
  if (ports.length > 0 && free.length < count) {
    return `the port ${ports.map(String).join(', ')} of every other node that may run it is taken`;
  }
  const most = service.mobility?.maxPerNode ?? 0;
  if (most === 0) return undefined;
  const room = free
    .map(({ id }) => Math.max(0, most - tasksOn(service, facts, id).length))
    .reduce((sum, each) => sum + each, 0);
  return room < count ? `each other node has its ${String(most)} tasks of it` : undefined;
}

function isTaken(port: number, { services, tasks }: MoveFacts, nodeId: string): boolean {
  return tasks.some(
    (task) =>
      task.nodeId === nodeId &&
      presentStates.includes(task.state) &&
      services.some(
        ({ id, hostPorts }) => id === task.serviceId && hostPorts?.includes(port) === true,
      ),
  );
}

/** Tasks of a service on a node that are to stay there. */
export function tasksOn(
  { id }: Pick<ServiceFacts, 'id'>,
  { tasks }: Pick<MoveFacts, 'tasks'>,
  nodeId: string,
): readonly TaskFacts[] {
  return tasks.filter(
    (task) =>
      task.serviceId === id &&
      task.nodeId === nodeId &&
      task.desiredState === 'running' &&
      presentStates.includes(task.state),
  );
}

/**
 * How far the move of a service has come. `failed`: a new task did not come up, the old one runs on.
 * `noRoom`: the scheduler finds no node for a new task. `changed`: somebody's update took its place.
 */
export type MoveProgress =
  | { readonly kind: 'moved' | 'changed' }
  | { readonly kind: 'moving' | 'failed' | 'noRoom'; readonly why: string };

/** @param isDone whether so many tasks may be left where they are. Default: none. */
export function moveProgress(
  serviceId: string,
  facts: MoveFacts,
  nodeId: string,
  isDone: (left: number) => boolean = (left) => left === 0,
): MoveProgress {
  const service = facts.services.find(({ id }) => id === serviceId);
  if (service === undefined || movedOff(service) !== nodeId) return { kind: 'changed' };
  const { name, updateStatus } = service;
  const own = facts.tasks.filter((task) => task.serviceId === serviceId);
  const halted = updateHalt(service);
  if (halted !== undefined) {
    const errors = groupedErrors(own, facts.nodes);
    const told = errors.length === 0 ? '' : ` (${errors.join('; ')})`;
    return { kind: 'failed', why: `${halted}${told}` };
  }
  const left = tasksOn(service, facts, nodeId).length;
  if (left > 0 && !isDone(left)) {
    const stuck = own.find(isWithoutRoom);
    return stuck === undefined
      ? { kind: 'moving', why: `${name}: ${String(left)} to move` }
      : { kind: 'noRoom', why: `${name}: ${stuck.error}` };
  }
  return left === 0 && updateStatus?.state === 'updating'
    ? { kind: 'moving', why: `${name}: its new tasks are watched` }
    : { kind: 'moved' };
}

function isWithoutRoom({ state, desiredState, nodeId, error }: TaskFacts): boolean {
  return (
    state === 'pending' &&
    desiredState === 'running' &&
    nodeId === '' &&
    error.startsWith('no suitable node')
  );
}

/**
 * Why a move cannot be taken back just now, as a sentence; undefined: it can. Where a slot has two tasks,
 * an update of the spec keeps one that fits, and on real engines that was the new one nearly always, healthy
 * or not, and the old one was stopped (20.10.24 and 26.1.5; swarmkit `Updater.useExistingTask`). The new
 * one is out of the question while it waits out the delay of a restart, and while no node has room for it.
 *
 * @param isFresh of a task that waits: whether its wait has only just begun.
 */
export function whyNotYet(
  service: ServiceFacts,
  { tasks }: Pick<MoveFacts, 'tasks'>,
  isFresh: (taskId: string) => boolean,
): string | undefined {
  const own = tasks.filter(
    ({ serviceId, desiredState }) => serviceId === service.id && isLasting(desiredState),
  );
  const fault = own
    .filter((task) => own.some((other) => other.id !== task.id && other.slot === task.slot))
    .find((task) => task.state !== 'running' && !isHarmless(task, isFresh));
  return fault === undefined
    ? undefined
    : `${service.name}: a new task is ${fault.state} beside the one that it is to take the place of`;
}

function isLasting(desiredState: TaskFacts['desiredState']): boolean {
  return desiredState === 'ready' || desiredState === 'running';
}

function isHarmless(task: TaskFacts, isFresh: (taskId: string) => boolean): boolean {
  return isWithoutRoom(task) || (task.desiredState === 'ready' && isFresh(task.id));
}

/** What `preview` says of the nodes that go start-first; undefined: no service has anything to move. */
export function describeMoves(
  facts: MoveFacts,
  going: readonly SwarmNodeFacts[],
): string | undefined {
  const moved: string[] = [];
  const left: string[] = [];
  for (const service of facts.services) {
    const whys = going.map((node) => {
      const count = Math.max(1, tasksOn(service, facts, node.id).length);
      return { node: node.hostname, why: whyNotMoved(service, facts, node.id, count) };
    });
    if (whys.some(({ why }) => why === undefined)) moved.push(service.name);
    for (const why of new Set(whys.map((each) => each.why))) {
      if (why === undefined) continue;
      const nodes = whys.filter((each) => each.why === why).map(({ node }) => node);
      const where = nodes.length === going.length ? '' : ` on ${nodes.join(', ')}`;
      left.push(`${service.name}${where} (${why})`);
    }
  }
  if (going.length === 0 || moved.length + left.length === 0) return undefined;
  const names = going.map(({ hostname }) => hostname).join(', ');
  return [
    `before ${names} ${going.length === 1 ? 'is' : 'are'} drained, ${moved.length === 0 ? 'no service is moved' : `the tasks of ${moved.join(', ')} are moved to other nodes, start-first`}`,
    ...(left.length === 0 ? [] : [`by the plain drain, stop first: ${left.join('; ')}`]),
  ].join('; ');
}
