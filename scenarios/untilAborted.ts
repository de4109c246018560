import { setTimeout as sleep } from 'node:timers/promises';

/** Longest that work may go on after it was interrupted. */
const patienceMs = 30_000;
const pauseMs = 250;

/** How many works of this process were interrupted and have not ended all the same. */
let left = 0;

/** Something that was interrupted goes on in this process: who holds a lab ends the process before it is given free. */
export function isWorkLeft(): boolean {
  return left > 0;
}

/**
 * Does work until it is interrupted. Then `end` takes away what it waits for, again and again, until the work itself has
 * ended: what goes on behind who clears up would meet the machines of the next run, which have the same names.
 *
 * @throws Error `it was interrupted`.
 */
export async function untilAborted<T>(
  signal: AbortSignal,
  work: () => Promise<T>,
  end: () => Promise<void>,
  patience = patienceMs,
): Promise<T> {
  signal.throwIfAborted();
  const state = { hasEnded: false };
  left += 1;
  const working = work().finally(() => {
    state.hasEnded = true;
    left -= 1;
  });
  let stop = (): void => undefined;
  const aborted = new Promise<'aborted'>((resolve) => {
    stop = () => {
      resolve('aborted');
    };
    signal.addEventListener('abort', stop);
  });
  const first = await Promise.race([working.then((value) => ({ value })), aborted]).finally(() => {
    signal.removeEventListener('abort', stop);
  });
  if (first !== 'aborted') return first.value;
  const ended = working.then(
    () => undefined,
    () => undefined,
  );
  const deadline = performance.now() + patience;
  while (!state.hasEnded && performance.now() < deadline) {
    await end().catch(() => undefined);
    await Promise.race([ended, sleep(pauseMs)]);
  }
  throw new Error('it was interrupted');
}
