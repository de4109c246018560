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
