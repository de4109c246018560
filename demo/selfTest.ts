import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SwarmError } from '../core/errors';
import { systemClock } from '../effects/clock';
import { probe } from './httpProbe';
import { answeredAtMs } from './report/clientGaps';
import { summarizeClient, type ClientRow } from './report/clientRows';
import { startRequestLoop } from './requestLoop';

/** Outages that a client must notice before its figures count. */
export const noticeableCutsMs = [300, 100] as const;

export interface SelfTestOptions {
  readonly url: string;
  /** Makes `url` unreachable; resolves once it is so. */
  readonly cut: () => Promise<void>;
  /** Undoes `cut`. Always called, also when `cut` failed. */
  readonly restore: () => Promise<void>;
  /** How long it is cut. Default: 300. */
  readonly cutMs?: number;
  /** Default: 10. */
  readonly intervalMs?: number;
  /** Default: 1000. */
  readonly timeoutMs?: number;
  /** How long answers may take to come, before the cut and after it. Default: 10000. */
  readonly patienceMs?: number;
}

export interface SelfTestResult {
  /** At least one failure, and a gap of at least the cut's length. */
  readonly noticed: boolean;
  /** Failures among the ticks planned during the cut. */
  readonly failures: number;
  /** Longest time without an answer around the cut. */
  readonly longestGapMs: number;
}

/** Answers that show a working path, before the cut and again after it. */
const answersNeeded = 10;

/**
 * Cuts the path to a service that answers, with the very loop that the client counts with, and tells
 * whether that was noticed.
 *
 * @throws SwarmError `SelfTestUnanswered` when the service does not answer before or after the cut:
 * then nothing is known about the client.
 */
export async function selfTest(options: SelfTestOptions): Promise<SelfTestResult> {
  const { cutMs = 300, intervalMs = 10, timeoutMs = 1000, patienceMs = 10_000 } = options;
  const rows: ClientRow[] = [];
  const now = (): number => performance.timeOrigin + performance.now();
  const clock = { ...systemClock, now: () => new Date(now()) };
  const waitForAnswers = async (when: string, since: number): Promise<void> => {
    const deadline = clock.monotonicMs() + patienceMs;
    const answers = (): number =>
      rows.filter((row) => row.outcome === 'ok' && (row.startedAtMs ?? 0) >= since).length;
    while (answers() < answersNeeded) {
      if (clock.monotonicMs() > deadline) {
        throw new SwarmError(
          'SelfTestUnanswered',
          `${options.url}: ${String(answers())} of ${String(answersNeeded)} answers within ${String(patienceMs)} ms ${when} the cut; the client cannot be tested; see that the service runs and is reachable from this computer`,
          { source: 'world' },
        );
      }
      await clock.sleep(intervalMs);
    }
  };

  const loop = startRequestLoop({
    intervalMs,
    clock,
    probe: () => probe(options.url, timeoutMs),
    onRow: (row) => rows.push(row),
  });
  let cutAtMs: number;
  let restoredAtMs: number;
  try {
    await waitForAnswers('before', 0);
    try {
      await options.cut();
      cutAtMs = now();
      // An answer that had left before the cut may be counted just after it: hold for one tick more.
      await clock.sleep(cutMs + intervalMs);
      restoredAtMs = now();
    } finally {
      await options.restore();
    }
    await waitForAnswers('after', now());
  } finally {
    await loop.stop();
  }
  return judge(rows, cutMs, cutAtMs, restoredAtMs);
}

function judge(
  rows: readonly ClientRow[],
  cutMs: number,
  cutAtMs: number,
  restoredAtMs: number,
): SelfTestResult {
  const failures = rows.filter(
    (row) => row.outcome !== 'ok' && row.plannedAtMs >= cutAtMs && row.plannedAtMs <= restoredAtMs,
  ).length;
  // A stall from before the cut must not pass for the cut: start at the last answer before it.
  const lastBefore = Math.max(
    ...rows
      .map(answeredAtMs)
      .filter((at) => at !== undefined)
      .filter((at) => at <= cutAtMs),
  );
  const around = rows
    .filter((row) => (answeredAtMs(row) ?? row.plannedAtMs) >= lastBefore)
    .sort((a, b) => a.plannedAtMs - b.plannedAtMs);
  const { longestGapMs } = summarizeClient(around);
  return { noticed: failures > 0 && longestGapMs >= cutMs, failures, longestGapMs };
}

/** The self-test against a server of this process on loopback, which closes its socket for the cut. */
export async function loopbackSelfTest(cutMs?: number): Promise<SelfTestResult> {
  let server: Server | undefined;
  let port = 0;
  const listen = async (): Promise<void> => {
    const opened = createServer((_request, response) => response.end('loopback\n'));
    opened.listen(port, '127.0.0.1');
    await once(opened, 'listening');
    server = opened;
    port = (opened.address() as AddressInfo).port;
  };
  const close = async (): Promise<void> => {
    if (server === undefined) return;
    const closing = server;
    server = undefined;
    closing.closeAllConnections();
    await new Promise((resolve) => closing.close(resolve));
  };
  await listen();
  try {
    return await selfTest({
      url: `http://127.0.0.1:${String(port)}/`,
      ...(cutMs === undefined ? {} : { cutMs }),
      cut: close,
      restore: async () => {
        if (server === undefined) await listen();
      },
    });
  } finally {
    await close();
  }
}
