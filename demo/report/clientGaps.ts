import type { ClientRow } from './clientRows';

/** A time without an answer through the virtual IP: between the ends of neighbouring answers. */
export interface ClientGap {
  /** Milliseconds since the epoch. */
  readonly fromMs: number;
  readonly ms: number;
  /** Without the client's own stalls in it; never more than `ms`. */
  readonly pathMs: number;
}

/**
 * A client that hears nothing from its own server on loopback for longer than this stalls. What is
 * beyond it is taken out of a gap, no more: a gap must rather be called the network's than be hidden.
 */
const stallMs = 30;

/** When the answer of a row was complete, or undefined when there was none. */
export function answeredAtMs(row: ClientRow): number | undefined {
  return row.outcome === 'ok' && row.startedAtMs !== undefined && row.latencyMs !== undefined
    ? row.startedAtMs + row.latencyMs
    : undefined;
}

/** Every gap longer than this, in order. `rows` sorted by planned time. */
export function gapsOver(rows: readonly ClientRow[], thresholdMs: number): readonly ClientGap[] {
  const answers = rows.map(answeredAtMs).filter((at) => at !== undefined);
  const moments = withEdges(rows, answers).sort((a, b) => a - b);
  const controls = controlAnswers(rows);
  return spans(moments)
    .filter(({ ms }) => ms > thresholdMs)
    .map(({ fromMs, ms }) => ({ fromMs, ms, pathMs: ms - stalledMs(controls, fromMs, ms) }));
}

export function longestGap(
  rows: readonly ClientRow[],
  measure: (gap: ClientGap) => number,
): ClientGap | undefined {
  return gapsOver(rows, -1).reduce<ClientGap | undefined>(
    (longest, gap) => (longest === undefined || measure(gap) > measure(longest) ? gap : longest),
    undefined,
  );
}

/** 0 for a client without such a server. */
export function longestStallMs(rows: readonly ClientRow[]): number {
  return spans(controlAnswers(rows)).reduce((longest, { ms }) => Math.max(longest, ms), 0);
}

/** Ends of the answers of the client's own server, sorted. */
function controlAnswers(rows: readonly ClientRow[]): readonly number[] {
  return rows
    .flatMap(({ startedAtMs, controlMs }) =>
      startedAtMs === undefined || controlMs === undefined ? [] : [startedAtMs + controlMs],
    )
    .sort((a, b) => a - b);
}

/** None where the client has no such server, or heard nothing from it: then nothing tells a stall. */
function stalledMs(controls: readonly number[], fromMs: number, ms: number): number {
  const toMs = fromMs + ms;
  const first = firstAfter(controls, fromMs);
  const within: number[] = [];
  for (let index = first; index < controls.length; index += 1) {
    const at = controls[index] ?? toMs;
    if (at >= toMs) break;
    within.push(at);
  }
  const isWatched = first > 0 && first < controls.length;
  if (!isWatched) return 0;
  return spans([fromMs, ...within, toMs]).reduce(
    (sum, span) => sum + Math.max(0, span.ms - stallMs),
    0,
  );
}

/** Index of the first moment after this one, in a sorted list; runs have tens of thousands. */
function firstAfter(moments: readonly number[], at: number): number {
  let [low, high] = [0, moments.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((moments[middle] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function spans(
  moments: readonly number[],
): readonly { readonly fromMs: number; readonly ms: number }[] {
  return moments.slice(1).map((at, index) => {
    const fromMs = moments[index] ?? at;
    return { fromMs, ms: at - fromMs };
  });
}

/** An edge inside the answers would cut a gap in two: only an outage at the very start or end needs it. */
function withEdges(rows: readonly ClientRow[], answers: readonly number[]): number[] {
  const first = rows[0]?.plannedAtMs;
  const last = rows.at(-1)?.plannedAtMs;
  return [
    ...(first !== undefined && answers.every((at) => at > first) ? [first] : []),
    ...answers,
    ...(last !== undefined && answers.every((at) => at < last) ? [last] : []),
  ];
}
