import { SwarmError, errorMessage } from '../../../core/errors';
import { isTransient } from '../../../core/transient';
import type { Clock } from '../../../effects/clock';
import type { Operation } from '../../server/resource';

/** An engine, or a host's network: see `listen` there. */
export interface Telling {
  listen(wake: () => void): () => void;
}

/** Whose events may mean that a condition holds by now: it is looked at again at once. */
export type Heed = (telling: Telling) => void;

/** True when it holds; otherwise why it does not hold yet, for the live status and the timeout's error. */
export type Condition = (heed: Heed) => Promise<true | string>;

/** Most conditions come true within the first tenths of a second, and the rest after seconds. */
const firstPollMilliseconds = 50;
const pollMilliseconds = 500;

/**
 * Waits until a condition holds. It is asked again and again, and events only make that sooner: what they say is not
 * looked at, and where none comes nothing changes but the time. A passing fault of the looking ("no leader just now") counts as
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
  const events = new Events();
  try {
    for (;;) {
      events.forget();
      const answer = await condition(events.heed).catch((error: unknown) => {
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
      // Events come in swarms of their own: one look is enough for those of a moment.
      await clock.sleep(Math.min(pause, firstPollMilliseconds), operation.signal);
      await events.sleep(clock, pause - firstPollMilliseconds, operation.signal);
      // What an event tells of is often on its way to who is asked.
      pause = events.hasCome ? firstPollMilliseconds : Math.min(pollMilliseconds, pause * 2);
    }
  } finally {
    events.close();
  }
}

/** The events that one wait heeds. */
class Events {
  private readonly listening = new Map<Telling, () => void>();
  private came = new AbortController();
  private readonly wake = (): void => {
    this.came.abort();
  };

  readonly heed: Heed = (telling) => {
    if (!this.listening.has(telling)) this.listening.set(telling, telling.listen(this.wake));
  };

  get hasCome(): boolean {
    return this.came.signal.aborted;
  }

  /** What came so far is answered by the look that begins now. */
  forget(): void {
    if (this.hasCome) this.came = new AbortController();
  }

  /** Until an event comes, or one has come since the last look began; at most so long. */
  async sleep(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
    const woken = this.came.signal;
    if (milliseconds <= 0 || woken.aborted) return;
    await clock.sleep(milliseconds, AbortSignal.any([signal, woken])).catch((error: unknown) => {
      if (signal.aborted || !woken.aborted) throw error;
    });
  }

  close(): void {
    for (const stop of this.listening.values()) stop();
  }
}

/** Whether a wait gave up, as opposed to a fault of what it waited for. */
export function isTimedOut(error: unknown): boolean {
  return error instanceof SwarmError && error.code === 'TimedOut';
}
