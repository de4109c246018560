import type { Clock } from '../effects/clock';

/** One planned moment of a fixed schedule. */
export interface Tick {
  /** When it was due, in milliseconds since the epoch. */
  readonly plannedAtMs: number;
  /** How many milliseconds after that it is served. */
  readonly lateMs: number;
}

/**
 * Calls `onTick` for every moment `start + k * intervalMs`. A delay never shifts the moments after
 * it: ticks that came due during a stall of this process are all served afterwards, each with its
 * own `lateMs`, so that a stall is seen in the data instead of being left out of it.
 *
 * Wall time is read once, at the start: a step of the computer's clock must not look like an outage.
 *
 * @returns a function that ends the schedule.
 */
export function startTicker(
  clock: Clock,
  intervalMs: number,
  onTick: (tick: Tick) => void,
): () => void {
  const startMs = clock.monotonicMs();
  const epochMs = clock.now().getTime();
  let next = 0;
  let timer: NodeJS.Timeout;
  const serve = (): void => {
    for (;;) {
      const lateMs = clock.monotonicMs() - startMs - next * intervalMs;
      if (lateMs < 0) break;
      onTick({ plannedAtMs: epochMs + next * intervalMs, lateMs });
      next += 1;
    }
    timer = setTimeout(serve, startMs + next * intervalMs - clock.monotonicMs());
  };
  timer = setTimeout(serve, 0);
  return () => {
    clearTimeout(timer);
  };
}
