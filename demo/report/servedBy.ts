import { answeredAtMs } from './clientGaps';
import type { ClientRow } from './clientRows';

/** A change of who answers at the virtual IP, as the client saw it. */
export interface AddressMove {
  readonly from: string;
  readonly to: string;
  /** Start of the first request that the new one answered, in milliseconds since the epoch. */
  readonly atMs: number;
  /** When that was answered. */
  readonly answeredAtMs: number;
}

/** `rows` sorted by planned time. An answer of the former one that comes between is no move back. */
export function addressMoves(rows: readonly ClientRow[]): readonly AddressMove[] {
  const answers = rows.flatMap((row) => {
    const [{ servedBy, startedAtMs }, endedAtMs] = [row, answeredAtMs(row)];
    return servedBy === undefined || startedAtMs === undefined || endedAtMs === undefined
      ? []
      : [{ servedBy, startedAtMs, endedAtMs }];
  });
  const moves: AddressMove[] = [];
  let holder = answers[0]?.servedBy;
  for (const [index, { servedBy, startedAtMs, endedAtMs }] of answers.entries()) {
    const next = answers[index + 1];
    const isStray = next !== undefined && next.servedBy !== servedBy;
    if (holder === undefined || servedBy === holder || isStray) continue;
    moves.push({ from: holder, to: servedBy, atMs: startedAtMs, answeredAtMs: endedAtMs });
    holder = servedBy;
  }
  return moves;
}

/**
 * Requests that were under way to the old holder when the address moved: their connection is cut, as
 * every one that stands at that moment is. The longer answers take, the more of them there are.
 */
export function cutUnderWay(
  rows: readonly ClientRow[],
  moves: readonly AddressMove[],
): readonly ClientRow[] {
  const longestMs = 1000;
  return rows.filter(
    ({ outcome, startedAtMs }) =>
      outcome === 'reset' &&
      startedAtMs !== undefined &&
      moves.some(({ atMs }) => startedAtMs < atMs && atMs - startedAtMs < longestMs),
  );
}
