import type { ManagerContact } from '../../../core/connection';
import { errorMessage } from '../../../core/errors';
import { pausedForMove } from '../../../core/held';
import { moveProgress } from '../../../core/moves';
import type { MoveFacts } from '../../../core/moves';
import {
  nextMove,
  spreadOf,
  stayingNodes,
  unevenness,
  wishedServices,
} from '../../../core/rebalance';
import type { RebalanceStep, RebalanceWish } from '../../../core/rebalance';
import type { NodeTimeouts } from '../../../core/rollPolicy';
import { tasksPresent } from '../../../core/services';
import { steps } from '../../../core/steps';
import type { Operation } from '../../server/resource';
import { askManager } from '../ask/managers';
import type { LiveManager } from '../ask/managers';
import { timeoutsOf } from '../ask/nodeSpec';
import { isTimedOut, waitUntil } from '../ask/waitUntil';
import { withLease } from '../hold/lease';
import type { Lease } from '../hold/lease';
import { beginMove } from './beginMove';
import { endRebalance, givePausedBack, pausedNodes } from './endRebalance';
import { RoomWatch } from './roomWatch';
import { lookAtServices } from './serviceManager';
import type { Mover } from './serviceManager';
import { TaskWatch, takeBackMoves } from './takeBackMoves';

/** Inputs of a Rebalance. */
export interface RebalanceInputs {
  readonly name: string;
  readonly clusterId: string;
  readonly managers: readonly ManagerContact[];
  readonly nodes: Readonly<Record<string, string>>;
  readonly engines?: Readonly<Record<string, string>>;
  readonly services: RebalanceWish;
  readonly order?: readonly string[];
  readonly unfinished?: readonly string[];
  readonly timeouts?: Partial<NodeTimeouts>;
}

/** A service that was just updated, or whose task has just failed, is given this long. */
const settleSeconds = 30;

interface Rebalance extends Mover {
  readonly spec: RebalanceInputs;
  readonly timeouts: NodeTimeouts;
  readonly lease: Lease;
}

export function moverOf(
  operation: Operation,
  { clusterId, managers }: Pick<RebalanceInputs, 'clusterId' | 'managers'>,
): Mover {
  return { operation, access: { clusterId, managers }, avoid: [] };
}

/**
 * Moves tasks of the services that lie worse than by one task, one at a time and start-first, from a node with the
 * most of them to where the swarm's scheduler puts them. Before that it ends what an interrupted run left. A service
 * that cannot be moved is told of, and is no failure: it runs as before.
 *
 * @throws SwarmError `TimedOut` when what was changed could not be taken back: the marks are left to the next run.
 */
export async function rebalance(operation: Operation, spec: RebalanceInputs): Promise<void> {
  const mover = moverOf(operation, spec);
  const timeouts = timeoutsOf(spec);
  const facts = await lookAtPlaces(mover, spec);
  tellUnknown(operation, spec, facts);
  const isAtRest = pausedNodes(facts.nodes).length === 0;
  if (isAtRest && wished(facts, spec).every((service) => isOver(operation, service, facts))) return;
  await withLease(operation, mover.access, 'rebalance services', timeouts.gate, async (lease) => {
    await endRebalance(mover, timeouts.drain);
    const now = await lookAtPlaces(mover, spec);
    for (const { id } of wished(now, spec)) {
      await spreadService({ ...mover, spec, timeouts, lease }, id);
    }
  });
}

function tellUnknown(operation: Operation, { services }: RebalanceInputs, facts: MoveFacts): void {
  const names = services === true ? [] : services;
  for (const name of names.filter((each) => facts.services.every((one) => one.name !== each))) {
    operation.log('warning', `${name} is not spread anew: the swarm has no service of this name`);
  }
}

type Service = MoveFacts['services'][number];

/** Whether nothing is to be done for a service; why it is left alone is told. */
function isOver(operation: Operation, service: Service, facts: MoveFacts): boolean {
  const step = nextMove(service, facts);
  if (step.kind === 'left' && !mayPass(service, facts)) tell(operation, service.name, step.why);
  return step.kind === 'even' || (step.kind === 'left' && !mayPass(service, facts));
}

/** Whether what is in the way of a service may be over in a moment. */
function mayPass(service: Service, facts: MoveFacts): boolean {
  return nextMove(service, facts, 'whenSettled').kind === 'move';
}

function wished({ services }: MoveFacts, spec: RebalanceInputs): readonly Service[] {
  return wishedServices(services, spec.services);
}

/** The swarm without the nodes that this run removes. */
async function lookAtPlaces(mover: Mover, spec: RebalanceInputs): Promise<MoveFacts> {
  const facts = await lookAtServices(mover);
  const ids = Object.values(spec.nodes);
  return { ...facts, nodes: stayingNodes(facts.nodes, ({ id }) => ids.includes(id)) };
}

async function spreadService(run: Rebalance, serviceId: string): Promise<void> {
  const { operation, lease } = run;
  let before = Infinity;
  for (;;) {
    const facts = await settled(run, serviceId);
    const service = facts.services.find(({ id }) => id === serviceId);
    if (service === undefined) return;
    const step = nextMove(service, facts);
    if (step.kind === 'left') tell(operation, service.name, step.why);
    if (step.kind !== 'move') return;
    const now = unevenness(spreadOf(service, facts));
    if (now >= before) {
      tell(operation, service.name, 'the swarm had no better place for its task');
      return;
    }
    before = now;
    const why = await lease.step(steps.moveOne(service.name, step.from.hostname), () =>
      moveOne(run, service, step),
    );
    if (why !== undefined) {
      operation.log('warning', `${service.name} is left as it is: ${why}`);
      return;
    }
  }
}

function tell(operation: Operation, name: string, why: string): void {
  operation.log('info', `${name} is not spread anew: ${why}`);
}

/** The world when the service has converged, or has not within a while. */
async function settled(run: Rebalance, serviceId: string): Promise<MoveFacts> {
  const { operation, spec } = run;
  let facts = await lookAtPlaces(run, spec);
  await waitUntil(operation, 'the service has converged', settleSeconds, async () => {
    facts = await lookAtPlaces(run, spec);
    const service = facts.services.find(({ id }) => id === serviceId);
    if (service === undefined) return true;
    const step = nextMove(service, facts);
    return step.kind !== 'left' || !mayPass(service, facts) || step.why;
  }).catch((error: unknown) => {
    if (!isTimedOut(error)) throw error;
  });
  return facts;
}

/**
 * Why the task was not moved; undefined: it was, or somebody else's update took the move's place. A lost CLI lets it
 * come to its end: no node is left paused.
 */
async function moveOne(
  interruptible: Rebalance,
  service: Service,
  { from, tasks }: Extract<RebalanceStep, { kind: 'move' }>,
): Promise<string | undefined> {
  const run = { ...interruptible, operation: interruptible.operation.uninterrupted() };
  const { operation, timeouts } = run;
  const watch = new TaskWatch(operation.effects.clock);
  let why: string | undefined;
  try {
    await pause(run, from.id);
    const wish = { serviceId: service.id, nodeId: from.id, extent: 'one' } as const;
    const left = await beginMove(run, { ...wish, timeoutSeconds: timeouts.drain });
    why = left?.why ?? (await awaitOne(run, service, from.id, tasks, watch));
  } catch (error) {
    if (!isTimedOut(error)) {
      await giveBack(run, service.id, watch).catch((fault: unknown) => {
        operation.log(
          'warning',
          `${errorMessage(fault)}; the mark is left on it, and \`pulumi up\` takes it back`,
        );
      });
      throw error;
    }
    why = errorMessage(error);
  }
  await giveBack(run, service.id, watch);
  return why;
}

/** The constraint goes first: on an active node the swarm would stop at once what it rules out. */
async function giveBack(run: Rebalance, serviceId: string, watch: TaskWatch): Promise<void> {
  await takeBackMoves(run, run.timeouts.drain, { serviceId, watch });
  await givePausedBack(run);
}

/** What it was is written in the same change; one that somebody has paused or drained just now is theirs. */
async function pause({ operation, access, avoid }: Mover, nodeId: string): Promise<void> {
  const ask = async ({ docker }: LiveManager): Promise<void> => {
    const entry = await docker.node(nodeId);
    if (entry?.availability === 'active') await docker.updateNode(nodeId, pausedForMove(entry));
  };
  await askManager(operation, access, ask, { avoid });
}

/** Until one task is elsewhere, healthy there by its own health check, and the one before it has ended. */
async function awaitOne(
  run: Rebalance,
  { id, name }: Service,
  nodeId: string,
  before: number,
  watch: TaskWatch,
): Promise<string | undefined> {
  const { operation, spec, timeouts } = run;
  const rooms = new RoomWatch(operation.effects.clock);
  let why: string | undefined;
  await waitUntil(operation, `a task of ${name} is elsewhere`, timeouts.drain, async () => {
    const facts = await lookAtPlaces(run, spec);
    watch.look(facts.tasks);
    const progress = moveProgress(id, facts, nodeId, (left) => left < before);
    if (progress.kind === 'moving') return progress.why;
    if (progress.kind === 'noRoom' && !rooms.isLacking(id)) return progress.why;
    if ('why' in progress) why = progress.why;
    if (progress.kind !== 'moved') return true;
    const there = tasksPresent(facts.tasks, nodeId).filter(({ serviceId }) => serviceId === id);
    return there.length < before || `${name}: the task that was moved stops`;
  });
  return why;
}
