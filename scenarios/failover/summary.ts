import type { Trial } from './trial';

/** Least, middle and greatest of some figures, in milliseconds. */
export interface Spread {
  readonly minMs: number;
  readonly medianMs: number;
  readonly maxMs: number;
}

/** Trials of one cause with one way of setting keepalived up. */
export interface CauseTrials {
  readonly cause: string;
  readonly way: string;
  readonly trials: readonly Trial[];
}

/** At least one figure. */
export function spreadOf(figures: readonly number[]): Spread {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.slice(
    Math.floor((sorted.length - 1) / 2),
    Math.floor(sorted.length / 2) + 1,
  );
  return {
    minMs: sorted[0] ?? NaN,
    medianMs: middle.reduce((sum, figure) => sum + figure, 0) / middle.length,
    maxMs: sorted.at(-1) ?? NaN,
  };
}
