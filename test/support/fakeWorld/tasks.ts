import type { ServiceSpec } from '../../../core/service';
import { findNode, isLive, machineOfNode } from './machines';
import { noteUpdateConfig } from './stackObjects';
import {
  newId,
  nextVersion,
  type NodeEntry,
  type ServiceEntry,
  type SwarmState,
  type TaskEntry,
  type WorldState,
} from './state';
import { timing } from './timing';

const historyLength = 4;
const waiting: readonly string[] = ['pending', 'ready', 'starting'];

/** What of a service makes a new task necessary when it changes. */
export function taskTemplate({
  spec,
  stack,
  forced,
}: Pick<ServiceEntry, 'spec' | 'stack' | 'forced'>): string {
  const { image, command, environment, stopGraceSeconds } = spec;
  const own = [image, command, environment, stopGraceSeconds, forced];
  return JSON.stringify(stack === undefined ? own : [...own, stack.task]);
}

/** Orchestrator, scheduler and agents in one step. Without a leader only the agents go on. */
export function stepTasks(state: WorldState, swarm: SwarmState, nowMs: number): void {
  for (const task of swarm.tasks) runTask(state, task, nowMs);
  if (swarm.leader === undefined) return;
  swarm.tasks = swarm.tasks.filter((task) => swarm.services.some((s) => s.id === task.serviceId));
  for (const service of swarm.services) {
    beginUpdate(service, nowMs);
    stepMove(state, swarm, service, nowMs);
    retireTasks(swarm, service);
    for (const slot of wantedSlots(swarm, service)) fillSlot(state, swarm, service, slot, nowMs);
    stepUpdate(swarm, service, nowMs);
    trimHistory(swarm, service);
  }
}

/** Which run of a job tasks are made for; undefined for what runs on. */
function iterationOf({ stack, iteration = 0 }: ServiceEntry): number | undefined {
  return stack?.job === undefined ? undefined : iteration;
}

function isStartFirst({ updateConfig, update }: ServiceEntry): boolean {
  return updateConfig?.['Order'] === 'start-first' && update?.state === 'updating';
}

/** Tasks on nodes that the service's constraints rule out: the updater's to replace. */
function misplaced(swarm: SwarmState, service: ServiceEntry): readonly TaskEntry[] {
  return tasksOf(swarm, service).filter((task) => {
    const node = findNode(swarm, task.nodeId);
    return isWanted(task) && node !== undefined && !satisfies(node, service.spec);
  });
}

export function needsMove(swarm: SwarmState, service: ServiceEntry): boolean {
  return misplaced(swarm, service).length > 0;
}

/** The updater, start-first and one slot at a time, with a delay after each: the old task goes when the new one runs. */
function stepMove(
  state: WorldState,
  swarm: SwarmState,
  service: ServiceEntry,
  nowMs: number,
): void {
  const [old] = misplaced(swarm, service);
  const { update, updateConfig } = service;
  if (old === undefined || !isStartFirst(service) || nowMs < (update?.nextMs ?? 0)) return;
  const inSlot = tasksOf(swarm, service).filter(({ slot }) => slot === old.slot);
  const next = inSlot.find((task) => task !== old && task.desiredState !== 'shutdown');
  if (next === undefined) swarm.tasks.push(newTask(state, service, old.slot, nowMs));
  else if (next.state === 'running') {
    old.desiredState = 'shutdown';
    if (update !== undefined) update.nextMs = nowMs + Number(updateConfig?.['Delay'] ?? 0) / 1e6;
  }
}

/** An update of the spec keeps one task of each slot, and of two it is the new one: the worst that a real swarm does. */
export function keepOneOfEachSlot(swarm: SwarmState, service: ServiceEntry): void {
  for (const slot of new Set(tasksOf(swarm, service).map((task) => task.slot))) {
    const inSlot = tasksOf(swarm, service).filter(
      (task) => task.slot === slot && task.desiredState !== 'shutdown' && !isEnded(task),
    );
    const fitting = inSlot.filter((task) => {
      const node = findNode(swarm, task.nodeId);
      return isWanted(task) && node !== undefined && satisfies(node, service.spec);
    });
    const kept = fitting.at(-1);
    if (inSlot.length < 2 || kept === undefined) continue;
    for (const task of inSlot) {
      if (task === kept) continue;
      task.desiredState = 'shutdown';
      if (task.nodeId === '') task.state = 'shutdown';
    }
  }
}

function isWanted(task: TaskEntry): boolean {
  return task.desiredState === 'running';
}

function tasksOf(swarm: SwarmState, service: ServiceEntry): readonly TaskEntry[] {
  return swarm.tasks.filter((task) => task.serviceId === service.id);
}

function wantedSlots(swarm: SwarmState, service: ServiceEntry): readonly string[] {
  const mode = service.spec.mode;
  if ('replicas' in mode) return Array.from({ length: mode.replicas }, (_, i) => String(i + 1));
  return swarm.nodes
    .filter(
      (node) =>
        mayStart(node, service) ||
        tasksOf(swarm, service).some((t) => isWanted(t) && t.slot === node.id),
    )
    .map((node) => node.id);
}

/** Gives up tasks that may not stay where they are, that are of an older spec, or of no slot any more. */
function retireTasks(swarm: SwarmState, service: ServiceEntry): void {
  const replicas = 'replicas' in service.spec.mode ? service.spec.mode.replicas : undefined;
  for (const task of tasksOf(swarm, service)) {
    if (!isWanted(task)) continue;
    const node = findNode(swarm, task.nodeId);
    const isMisplaced = task.nodeId !== '' && (node === undefined || !mayStay(node, service));
    const isOld =
      task.state !== 'complete' &&
      service.updateDueMs === undefined &&
      (task.template !== taskTemplate(service) || task.iteration !== iterationOf(service));
    const isSurplus = replicas !== undefined && Number(task.slot) > replicas;
    if (isMisplaced || isOld || isSurplus) {
      task.desiredState = 'shutdown';
      if (task.nodeId === '' || node === undefined)
        task.state = node === undefined && task.nodeId !== '' ? 'orphaned' : 'shutdown';
    }
  }
}

/** What a constraint rules out is stopped at once on an active node; on a paused one it is left alone. */
function mayStay(node: NodeEntry, service: ServiceEntry): boolean {
  return (
    node.state !== 'down' &&
    node.availability !== 'drain' &&
    (node.availability === 'pause' || satisfies(node, service.spec))
  );
}

function mayStart(node: NodeEntry, service: ServiceEntry): boolean {
  return node.state === 'ready' && node.availability === 'active' && satisfies(node, service.spec);
}

function beginUpdate(service: ServiceEntry, nowMs: number): void {
  if (service.updateDueMs === undefined || nowMs < service.updateDueMs) return;
  delete service.updateDueMs;
  service.update = { state: 'updating', message: 'update in progress', sinceMs: nowMs };
}

/** An update that fails is paused, which keeps what runs and stops nothing here, or goes back to the spec before. */
function stepUpdate(swarm: SwarmState, service: ServiceEntry, nowMs: number): void {
  const { update } = service;
  if (update?.state !== 'updating' && update?.state !== 'rollback_started') return;
  const template = taskTemplate(service);
  const own = tasksOf(swarm, service).filter((task) => task.template === template);
  const failed = own.find((task) => hasFailed(task) && task.sinceMs >= update.sinceMs);
  const slots = wantedSlots(swarm, service);
  const isDone =
    own.filter((t) => isWanted(t) && t.state === 'running').length >= slots.length &&
    !needsMove(swarm, service);
  if (update.state === 'rollback_started') {
    if (!isDone) return;
    update.state = 'rollback_completed';
    update.message = 'rollback completed';
    return;
  }
  const action = service.stack?.failureAction ?? 'pause';
  if (failed !== undefined && action === 'rollback' && service.former !== undefined) {
    const { spec, stack } = service.former;
    service.spec = spec;
    service.stack = stack;
    noteUpdateConfig(service);
    delete service.former;
    const message = `update rolled back due to failure or early termination of task ${failed.id}`;
    service.update = { state: 'rollback_started', message, sinceMs: nowMs };
    service.version = nextVersion(swarm);
  } else if (failed !== undefined && action !== 'continue') {
    update.state = 'paused';
    update.message = `update paused due to failure or early termination of task ${failed.id}`;
  } else if (isDone) {
    update.state = 'completed';
    update.message = 'update completed';
  }
}

function hasFailed({ state }: TaskEntry): boolean {
  return state === 'rejected' || state === 'failed';
}

/** The operators `==` and `!=` over role, ID, hostname and labels: all that constraints may say here. */
export function satisfies(node: NodeEntry, spec: ServiceSpec): boolean {
  return spec.constraints.every((constraint) => {
    const [, key = '', operator = '', value = ''] =
      /^\s*([\w.-]+)\s*(==|!=)\s*(.*?)\s*$/.exec(constraint) ?? [];
    const facts: Record<string, string> = {
      'node.role': node.role,
      'node.id': node.id,
      'node.hostname': node.hostname,
    };
    for (const [name, text] of Object.entries(node.labels)) facts[`node.labels.${name}`] = text;
    return operator === '==' ? facts[key] === value : facts[key] !== value;
  });
}

function fillSlot(
  state: WorldState,
  swarm: SwarmState,
  service: ServiceEntry,
  slot: string,
  nowMs: number,
): void {
  const job = service.stack?.job;
  const iteration = iterationOf(service);
  const inSlot = tasksOf(swarm, service).filter((task) => task.slot === slot);
  const ofRun = inSlot.filter((each) => each.iteration === iteration);
  if (job !== undefined && ofRun.some(({ state: ended }) => ended === 'complete')) return;
  if (job?.isRetried === false && ofRun.some(hasFailed)) return;
  for (const waiting of inSlot.filter(({ desiredState }) => desiredState === 'ready')) {
    if (nowMs - waiting.sinceMs < timing.taskRetry) continue;
    waiting.desiredState = 'running';
    waiting.sinceMs = nowMs;
  }
  const wanted = ofRun.filter(isWanted);
  if (inSlot.every(({ desiredState }) => desiredState !== 'ready')) {
    restartBeside(state, swarm, service, inSlot, nowMs);
  }
  let task = wanted.find(({ state: now }) => now !== 'running') ?? wanted[0];
  if (task === undefined) {
    const last = inSlot[inSlot.length - 1];
    const isTooEarly =
      last !== undefined && hasFailed(last) && nowMs - last.sinceMs < timing.taskRetry;
    if (isTooEarly) return;
    task = newTask(state, service, slot, nowMs);
    swarm.tasks.push(task);
  }
  if (task.state === 'pending') place(swarm, service, task, nowMs);
  if (task.state === 'ready') {
    const isOldGone = inSlot.every(
      (t) => t === task || t.desiredState !== 'shutdown' || isEnded(t),
    );
    if (isOldGone || nowMs - task.sinceMs >= timing.taskReplacement) enter(task, 'starting', nowMs);
  }
}

/** The task that failed last, beside one that runs on, as in a move that fails. */
function hasFailedBeside(inSlot: readonly TaskEntry[]): boolean {
  const [running, last] = [inSlot.find(isWanted), inSlot.at(-1)];
  return running?.state === 'running' && last !== undefined && last !== running && hasFailed(last);
}

/** A task that failed is tried again beside the old one, after the delay of a restart: it waits for it as `ready`. */
function restartBeside(
  state: WorldState,
  swarm: SwarmState,
  service: ServiceEntry,
  inSlot: readonly TaskEntry[],
  nowMs: number,
): void {
  if (!hasFailedBeside(inSlot) || service.update?.state !== 'paused') return;
  swarm.tasks.push({
    ...newTask(state, service, inSlot[0]?.slot ?? '', nowMs),
    desiredState: 'ready',
  });
}

function newTask(state: WorldState, service: ServiceEntry, slot: string, nowMs: number): TaskEntry {
  const iteration = iterationOf(service);
  return {
    id: newId(state),
    serviceId: service.id,
    slot,
    template: taskTemplate(service),
    image: service.spec.image,
    nodeId: '',
    state: 'pending',
    desiredState: 'running',
    error: '',
    sinceMs: nowMs,
    ...(iteration === undefined ? {} : { iteration }),
  };
}

function place(swarm: SwarmState, service: ServiceEntry, task: TaskEntry, nowMs: number): void {
  const isGlobal = !('replicas' in service.spec.mode);
  const candidates = swarm.nodes.filter((node) => !isGlobal || node.id === task.slot);
  const fitting = candidates.filter((node) => mayStart(node, service));
  const free = fitting.filter((node) => !hasPortConflict(swarm, service, node));
  const load = (node: NodeEntry, tasks: readonly TaskEntry[] = swarm.tasks): number =>
    tasks.filter((other) => isWanted(other) && other.nodeId === node.id).length;
  const own = tasksOf(swarm, service);
  const best = [...free].sort((a, b) => {
    const difference = load(a, own) - load(b, own);
    return difference === 0 ? load(a) - load(b) : difference;
  })[0];
  if (best !== undefined) {
    task.nodeId = best.id;
    task.error = '';
    enter(task, 'ready', nowMs);
    return;
  }
  const reason =
    fitting.length > 0 ? 'host-mode port already in use' : 'scheduling constraints not satisfied';
  const count = fitting.length > 0 ? fitting.length : candidates.length;
  task.error = `no suitable node (${reason} on ${String(count)} node${count === 1 ? '' : 's'})`;
}

function hasPortConflict(swarm: SwarmState, service: ServiceEntry, node: NodeEntry): boolean {
  const own = hostPorts(service.spec);
  return swarm.tasks.some((task) => {
    if (task.nodeId !== node.id || !isWanted(task)) return false;
    const other = swarm.services.find((candidate) => candidate.id === task.serviceId);
    return other !== undefined && hostPorts(other.spec).some((port) => own.includes(port));
  });
}

function hostPorts(spec: ServiceSpec): readonly string[] {
  return spec.ports
    .filter((port) => port.mode === 'host')
    .map((port) => `${String(port.published)}/${port.protocol}`);
}

export function isEnded(task: TaskEntry): boolean {
  return ['complete', 'shutdown', 'failed', 'rejected', 'orphaned'].includes(task.state);
}

/** The agent's part, on a live node. */
function runTask(state: WorldState, task: TaskEntry, nowMs: number): void {
  if (isEnded(task) || task.nodeId === '' || !isLive(state, task.nodeId)) return;
  if (!isWanted(task)) {
    if (waiting.includes(task.state)) enter(task, 'shutdown', nowMs);
    else if (task.error !== 'stopping') {
      task.error = 'stopping';
      task.sinceMs = nowMs;
    } else if (nowMs - task.sinceMs >= timing.taskStop) {
      task.error = '';
      enter(task, 'shutdown', nowMs);
    }
    return;
  }
  if (task.iteration !== undefined && task.state === 'running') {
    if (nowMs - task.sinceMs >= timing.jobRun) enter(task, 'complete', nowMs);
    return;
  }
  if (task.state !== 'starting') return;
  const { image } = task;
  if (machineOfNode(state, task.nodeId)?.engine.images.includes(image) !== true) {
    task.error = `No such image: ${image}`;
    task.desiredState = 'shutdown';
    enter(task, 'rejected', nowMs);
  } else if (nowMs - task.sinceMs >= timing.taskStart) {
    const failure = state.failingImages[image];
    if (failure === undefined) {
      enter(task, 'running', nowMs);
      return;
    }
    task.error = failure;
    task.desiredState = 'shutdown';
    enter(task, 'failed', nowMs);
  }
}

function enter(task: TaskEntry, next: TaskEntry['state'], nowMs: number): void {
  task.state = next;
  task.sinceMs = nowMs;
}

function trimHistory(swarm: SwarmState, service: ServiceEntry): void {
  const kept = new Map<string, number>();
  const surplus = new Set<TaskEntry>();
  for (const task of [...tasksOf(swarm, service)].reverse()) {
    if (!isEnded(task)) continue;
    const count = (kept.get(task.slot) ?? 0) + 1;
    kept.set(task.slot, count);
    if (count > historyLength) surplus.add(task);
  }
  if (surplus.size > 0) swarm.tasks = swarm.tasks.filter((task) => !surplus.has(task));
}
