import { movedOff, movingOff, tasksOn, whyNotMoved } from '../../../core/moves';
import type { MoveExtent } from '../../../core/moves';
import { waitUntil } from '../ask/waitUntil';
import { askNewest, lookAtServices } from './serviceManager';
import type { Mover } from './serviceManager';

/** Tasks of one service that are to leave a paused node. */
export interface MoveWish {
  readonly serviceId: string;
  readonly nodeId: string;
  readonly extent: MoveExtent;
  readonly timeoutSeconds: number;
}

/**
 * Begins a move under compare-and-swap: a service that somebody updates just then is looked at once more.
 *
 * @returns why it is not moved by now; undefined: it has begun, or there is nothing to move.
 */
export async function beginMove(
  mover: Mover,
  { serviceId, nodeId, extent, timeoutSeconds }: MoveWish,
): Promise<{ readonly name: string; readonly why: string } | undefined> {
  let left: { readonly name: string; readonly why: string } | undefined;
  await waitUntil(mover.operation, 'the service can be changed', timeoutSeconds, async () => {
    const facts = await lookAtServices(mover);
    const service = facts.services.find(({ id }) => id === serviceId);
    if (service === undefined || movedOff(service) === nodeId) return true;
    const there = tasksOn(service, facts, nodeId).length;
    if (there === 0) return true;
    const why = whyNotMoved(service, facts, nodeId, extent === 'one' ? 1 : there);
    if (why === undefined) {
      await askNewest(mover, facts.nodes, ({ docker }) =>
        docker.placeService(service, movingOff(service, nodeId, extent)),
      );
    } else {
      left = { name: service.name, why };
    }
    return true;
  });
  return left;
}
