import { SwarmError, errorMessage } from '../../../core/errors';
import { isTransient } from '../../../core/transient';
import type { Operation } from '../../server/resource';

/** True when it holds; otherwise why it does not hold yet, for the live status and the timeout's error. */
export type Condition = () => Promise<true | string>;

/** Most conditions come true within the first tenths of a second, and the rest after seconds. */
const firstPollMilliseconds = 50;
const pollMilliseconds = 500;

/**
 * Waits until a condition holds. A passing fault of the looking ("no leader just now") counts as
 * "not yet", any other error goes through at once.
 *
 * @throws SwarmError `TimedOut` that quotes the last reason.
 */
export async function waitUntil(
  operation: Operation,
  what: string,
  timeoutSeconds: number,
  condition: Condition,
): Promise<void> {
  const { clock } = operation.effects;
  const deadline = clock.monotonicMs() + timeoutSeconds * 1000;
  let last = '';
  let pause = firstPollMilliseconds;
  for (;;) {
    const answer = await condition().catch((error: unknown) => {
      if (isTransient(error)) return errorMessage(error);
      throw error;
    });
    if (answer === true) return;
    if (answer !== last) operation.status(`${what}: ${answer}`);
    last = answer;
    if (clock.monotonicMs() >= deadline) {
      throw new SwarmError(
        'TimedOut',
        `${operation.name}: ${what} did not come true within ${String(timeoutSeconds)} s: ${last}`,
        { source: 'world' },
      );
    }
    await clock.sleep(pause, operation.signal);
    pause = Math.min(pollMilliseconds, pause * 2);
  }
}

/** Whether a wait gave up, as opposed to a fault of what it waited for. */
export function isTimedOut(error: unknown): boolean {
  return error instanceof SwarmError && error.code === 'TimedOut';
}
