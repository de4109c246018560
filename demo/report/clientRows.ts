import { SwarmError } from '../../core/errors';
import { longestGap, longestStallMs } from './clientGaps';

/**
 * - `ok`: a whole answer of status 200 in time.
 * - `refused`, `reset`, `unreachable`: the network said so.
 * - `timeout`: nothing whole in time.
 * - `short`: an answer that is not whole.
 * - `skipped`: never sent, because this computer was too late or had too many requests under way.
 */
export type ProbeOutcome =
  'ok' | 'refused' | 'timeout' | 'reset' | 'unreachable' | 'short' | 'skipped' | `http-${string}`;

/** One planned tick of the client. Times in milliseconds since the epoch. */
export interface ClientRow {
  readonly plannedAtMs: number;
  /** Absent when it was skipped. */
  readonly startedAtMs?: number;
  /** Only for `ok`. */
  readonly latencyMs?: number;
  readonly outcome: ProbeOutcome;
  readonly servedBy?: string;
  /**
   * What the client's own server on loopback took to answer a connection of the same tick: a stall of
   * the client, or of the whole computer, shows here too. Absent when it gave no answer.
   */
  readonly controlMs?: number;
}

/** What the client saw, as it goes into the report. */
export interface ClientSummary {
  /** Ticks of the schedule. */
  readonly planned: number;
  /** Ticks that were sent. */
  readonly requests: number;
  /** Requests that were sent and not answered as a whole, with status 200, in time. */
  readonly failures: number;
  /** Ticks that were never sent: this computer was too late for them. */
  readonly skipped: number;
  /**
   * The longest time without an answer: the largest difference between the ends of neighbouring
   * successes. The first and the last planned tick bound it too, so an outage at either end counts.
   */
  readonly longestGapMs: number;
  /** When that began, in milliseconds since the epoch; null when nothing was recorded. */
  readonly longestGapFromMs: number | null;
  /**
   * The longest gap once stalls of the client itself are taken out of each: what is left is between the
   * client and the service.
   */
  readonly longestPathGapMs: number;
  /** The longest time in which the client's own server on loopback gave it no answer. */
  readonly longestStallMs: number;
}

export const clientCsvHeader =
  'planned_at_ms,started_at_ms,latency_ms,outcome,served_by,control_ms';

const formatMs = (milliseconds: number | undefined): string =>
  milliseconds === undefined ? '' : milliseconds.toFixed(1);

export function renderClientRow(row: ClientRow): string {
  // The name comes from the network: anything that is not a host name's must not break the table.
  const servedBy = (row.servedBy ?? '').replace(/[^A-Za-z0-9._-]/g, '').slice(0, 63);
  return [
    formatMs(row.plannedAtMs),
    formatMs(row.startedAtMs),
    formatMs(row.latencyMs),
    row.outcome,
    servedBy,
    formatMs(row.controlMs),
  ].join(',');
}

const rowPattern =
  /^(\d+(?:\.\d+)?),(\d+(?:\.\d+)?)?,(\d+(?:\.\d+)?)?,(ok|refused|timeout|reset|unreachable|short|skipped|http-\d+),([A-Za-z0-9._-]*),(\d+(?:\.\d+)?)?$/;

/**
 * Rows of the client's raw file, sorted by their planned time: a slow answer is written late.
 *
 * @throws SwarmError `ClientFileDamaged` for a whole line that is not a row. A last line without its
 * end, as a kill leaves it, is left out; `missingTicks` counts it.
 */
export function parseClientCsv(text: string): readonly ClientRow[] {
  const lines = text.split('\n');
  lines.pop();
  const rows: ClientRow[] = [];
  for (const [index, line] of lines.entries()) {
    if (line === clientCsvHeader) continue;
    const match = rowPattern.exec(line);
    if (match === null) {
      throw new SwarmError(
        'ClientFileDamaged',
        `client file: line ${String(index + 1)} is not a row of ${clientCsvHeader}; the client's failures cannot be counted; run the client again`,
        { source: 'world' },
      );
    }
    const [, planned, started, latency, outcome, servedBy, control] = match;
    rows.push({
      plannedAtMs: Number(planned),
      ...(started === undefined ? {} : { startedAtMs: Number(started) }),
      ...(latency === undefined ? {} : { latencyMs: Number(latency) }),
      outcome: outcome as ProbeOutcome,
      ...(servedBy === undefined || servedBy === '' ? {} : { servedBy }),
      ...(control === undefined ? {} : { controlMs: Number(control) }),
    });
  }
  return rows.sort((a, b) => a.plannedAtMs - b.plannedAtMs);
}

/** `rows` sorted by planned time. */
export function summarizeClient(rows: readonly ClientRow[]): ClientSummary {
  const whole = longestGap(rows, ({ ms }) => ms);
  const path = longestGap(rows, ({ pathMs }) => pathMs);
  const requests = rows.filter((row) => row.outcome !== 'skipped');
  return {
    planned: rows.length,
    requests: requests.length,
    failures: requests.filter((row) => row.outcome !== 'ok').length,
    skipped: rows.length - requests.length,
    longestGapMs: tenths(whole?.ms ?? 0),
    longestGapFromMs: whole?.fromMs ?? null,
    longestPathGapMs: tenths(path?.pathMs ?? 0),
    longestStallMs: tenths(longestStallMs(rows)),
  };
}

const tenths = (milliseconds: number): number => Math.round(milliseconds * 10) / 10;

/** Ticks of the schedule between the first and the last row that have no row: the file was cut. */
export function missingTicks(rows: readonly ClientRow[], intervalMs: number): number {
  const first = rows[0];
  const last = rows.at(-1);
  if (first === undefined || last === undefined) return 0;
  return Math.round((last.plannedAtMs - first.plannedAtMs) / intervalMs) + 1 - rows.length;
}
