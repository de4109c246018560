import { SwarmError, errorMessage } from '../../../core/errors';
import { moveProgress, planMoves } from '../../../core/moves';
import type { Moves } from '../../../core/moves';
import { isTimedOut, waitUntil } from '../ask/waitUntil';
import { beginMove } from './beginMove';
import { lookAtServices } from './serviceManager';
import type { Mover } from './serviceManager';
import { RoomWatch } from './roomWatch';
import { TaskWatch, takeBackMoves } from './takeBackMoves';

/** A node whose tasks are moved. */
export interface MovingNode extends Mover {
  readonly name: string;
  readonly nodeId: string;
  readonly timeoutSeconds: number;
  /** Gives the node no new tasks, and leaves those that it has. */
  readonly pause: () => Promise<void>;
}

/**
 * Moves the tasks of a node's services to other nodes, each one start-first under its service's own health
 * checks, so that the drain finds none of them. What that changes in the services is taken back before this
 * returns. Services that cannot be moved stay for the drain.
 *
 * @throws SwarmError `MoveFailed` when a new task does not come up, `TimedOut`: what was changed is taken
 * back, and the old tasks run on; the node is left paused.
 */
export async function moveTasks(going: MovingNode): Promise<void> {
  const { operation, nodeId, timeoutSeconds } = going;
  await takeBackMoves(going, timeoutSeconds);
  await going.pause();
  const plan = planMoves(await lookAtServices(going), nodeId);
  tellLeft(going, plan);
  if (plan.moved.length === 0) return;
  const watch = new TaskWatch(operation.effects.clock);
  let failure: string | undefined;
  try {
    for (const { service } of plan.moved) {
      const left = await beginMove(going, { ...going, serviceId: service.id, extent: 'all' });
      if (left !== undefined) tellLeft(going, { moved: [], left: [left] });
    }
    failure = await awaitMoves(going, plan, watch);
  } catch (error) {
    await takeBackOrTell(going, watch);
    throw isTimedOut(error) ? moveFailed(going, errorMessage(error)) : error;
  }
  if (failure !== undefined) {
    await takeBackOrTell(going, watch);
    throw moveFailed(going, failure);
  }
  await takeBackMoves(going, timeoutSeconds, { watch });
}

/** Why a move failed; undefined: all that can move has moved. */
async function awaitMoves(
  going: MovingNode,
  { moved }: Moves,
  watch: TaskWatch,
): Promise<string | undefined> {
  const { operation, name, nodeId, timeoutSeconds } = going;
  const open = new Set(moved.map(({ service }) => service.id));
  const rooms = new RoomWatch(operation.effects.clock);
  let failure: string | undefined;
  await waitUntil(operation, `the tasks of ${name} are elsewhere`, timeoutSeconds, async () => {
    const facts = await lookAtServices(going);
    watch.look(facts.tasks);
    const waiting: string[] = [];
    for (const id of open) {
      const progress = moveProgress(id, facts, nodeId);
      if (progress.kind === 'failed') {
        failure = progress.why;
        return true;
      }
      if (progress.kind !== 'noRoom') rooms.forget(id);
      const isOver =
        progress.kind === 'noRoom'
          ? await isGivenUp(going, id, progress.why, rooms)
          : progress.kind !== 'moving';
      if (isOver) open.delete(id);
      else if ('why' in progress) waiting.push(progress.why);
    }
    return waiting.length === 0 || waiting.join('; ');
  });
  return failure;
}

/** A service whose new task has found no node for long enough is left to the plain drain. */
async function isGivenUp(
  going: MovingNode,
  serviceId: string,
  why: string,
  rooms: RoomWatch,
): Promise<boolean> {
  if (!rooms.isLacking(serviceId)) return false;
  await takeBackMoves(going, going.timeoutSeconds, { serviceId });
  going.operation.log('warning', `${why}; it goes by the plain drain, stop first`);
  return true;
}

function tellLeft({ operation, name }: MovingNode, { left }: Moves): void {
  for (const service of left) {
    operation.log(
      'info',
      `${service.name} on ${name} is not moved: ${service.why}; it goes by the plain drain, stop first`,
    );
  }
}

/** The error that led here is the one to be told. */
async function takeBackOrTell(going: MovingNode, watch: TaskWatch): Promise<void> {
  try {
    await takeBackMoves(going, going.timeoutSeconds, { watch });
  } catch (error) {
    going.operation.log(
      'warning',
      `${errorMessage(error)}; the mark of the move is left on it, and \`pulumi up\` takes it back`,
    );
  }
}

function moveFailed({ name }: MovingNode, why: string): SwarmError {
  return new SwarmError(
    'MoveFailed',
    `${name}: its tasks could not be moved: ${why}; the old ones run on, and nothing of ${name} was stopped; mend the service, or declare \`drain: stopFirst\``,
    { source: 'world' },
  );
}

/** Whether a move gave up, with the old tasks running on, as opposed to a run that ended in the middle of it. */
export function isMoveFailed(error: unknown): boolean {
  return error instanceof SwarmError && error.code === 'MoveFailed';
}
