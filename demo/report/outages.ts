import type { ClientRow } from './clientRows';

/** Ticks without an answer that follow each other. */
export interface Outage {
  /** When the first was planned. */
  readonly fromMs: number;
  readonly rows: readonly ClientRow[];
}

/** `rows` sorted by planned time. Ticks that were never sent belong to the outage that they are in. */
export function outagesOf(rows: readonly ClientRow[]): readonly Outage[] {
  const runs: ClientRow[][] = [];
  rows.forEach((row, index) => {
    if (row.outcome === 'ok') return;
    const before = rows[index - 1];
    if (before === undefined || before.outcome === 'ok') runs.push([]);
    runs.at(-1)?.push(row);
  });
  return runs.map((run) => ({ fromMs: run[0]?.plannedAtMs ?? 0, rows: run }));
}
