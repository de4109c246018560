import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { observedManagers } from '../../../demo/cluster';
import { clientIntervalMs } from '../../../demo/clientProcess';
import { startObserver } from '../../../demo/observer';
import type { JournalLine } from '../../../demo/report/journal';
import { missingTicks, type ClientRow } from '../../../demo/report/clientRows';
import type { ClientGap } from '../../../demo/report/clientGaps';
import { clientSentence } from '../../../demo/report/clientSentence';
import {
  parseObserverRows,
  summarizeQuorum,
  type QuorumSummary,
} from '../../../demo/report/quorum';
import { outagesOf, type Outage } from '../../../demo/report/outages';
import { cutUnderWay } from '../../../demo/report/servedBy';
import { stepsAt } from '../../../demo/report/stepsAt';
import type { Effects } from '../../../effects/effects';
import { watchVip, type VipSight } from '../../../scenarios/vip/watchVip';
import { rollCluster, webUrl } from './rollCluster';

/** What client and observer saw from their start to their end. */
export interface Watched extends Pick<VipSight, 'client' | 'gaps' | 'moves' | 'load'> {
  /** Ticks of the client's schedule that have no row. */
  readonly missingTicks: number;
  /** From the client's first tick to its last. */
  readonly clientSeconds: number;
  readonly outages: readonly Outage[];
  /** Requests that a move cut under way. */
  readonly underWay: readonly ClientRow[];
  readonly quorum: QuorumSummary;
  /** From `watch` to `stop`. */
  readonly seconds: number;
}

export interface RollWatch {
  stop(): Promise<Watched>;
}

/** Starts the client outside all machines, and the observer. Both write their rows into `directory`. */
export async function watchRoll(
  effects: Effects,
  path: (name: string) => string,
): Promise<RollWatch> {
  const files = { client: path('client.csv'), observer: path('observer.jsonl') };
  const began = performance.now();
  const client = watchVip({ url: webUrl, out: files.client });
  const observer = await startObserver({
    managers: observedManagers(effects, rollCluster),
    out: files.observer,
  });
  return {
    stop: async () => {
      const seconds = (performance.now() - began) / 1000;
      const [{ rows, ...sight }] = await Promise.all([client.stop(), observer.stop()]);
      const quorum = summarizeQuorum(parseObserverRows(await readFile(files.observer, 'utf8')));
      const planned = rows.map(({ plannedAtMs }) => plannedAtMs);
      return {
        ...sight,
        missingTicks: missingTicks(rows, clientIntervalMs),
        clientSeconds: ((planned.at(-1) ?? 0) - (planned[0] ?? 0)) / 1000,
        outages: outagesOf(rows),
        underWay: cutUnderWay(rows, sight.moves),
        quorum,
        seconds,
      };
    },
  };
}

/** The figures, hidden none, as lines; each outage with the step that ran when it began. */
export function describeWatched(
  { client, outages, underWay, gaps, moves, load, quorum }: Watched,
  journal: readonly JournalLine[],
): readonly string[] {
  const { samples, unanswered } = quorum;
  const fewest = Math.min(...samples.map(({ reachable }) => reachable));
  return [
    `client: ${clientSentence(client)}`,
    ...outages.map(({ fromMs, rows }) => {
      const outcomes = [...new Set(rows.map(({ outcome }) => outcome))].join(', ');
      return `  ${rows.length} failures (${outcomes}): ${stepsAt(journal, fromMs)}`;
    }),
    `  ${underWay.length} of them under way to the old holder as the address moved`,
    ...gaps.map((gap) => `  ${describeGap(gap)}: ${stepsAt(journal, gap.fromMs)}`),
    ...moves.map(
      ({ from, to, atMs }) => `  moved from ${from} to ${to}: ${stepsAt(journal, atMs)}`,
    ),
    `load: at most ${load.toFixed(1)} on ${cpus().length} cores`,
    `managers: ${samples.length} samples answered, at least ${fewest} reachable; ${unanswered.samples} unanswered, at most ${unanswered.longestRun} in a row`,
  ];
}

export function describeGap({ ms, pathMs }: ClientGap): string {
  return `a gap of ${ms.toFixed(0)} ms, ${pathMs.toFixed(0)} ms without the client's own stalls`;
}

/** What was seen during a move of the virtual IP, or less than a second from it. */
export function sightAtMoves({ gaps, moves, outages, underWay }: Watched): {
  readonly gaps: readonly ClientGap[];
  /** When requests failed that were not under way as it moved, in milliseconds since the epoch. */
  readonly failures: readonly number[];
} {
  const nearMs = 1000;
  const isNear = (fromMs: number, toMs: number): boolean =>
    moves.some(({ atMs }) => atMs > fromMs - nearMs && atMs < toMs + nearMs);
  return {
    gaps: gaps.filter(({ fromMs, ms }) => isNear(fromMs, fromMs + ms)),
    failures: outages
      .flatMap(({ rows }) => rows)
      .filter((row) => row.outcome !== 'skipped' && !underWay.includes(row))
      .map(({ plannedAtMs }) => plannedAtMs)
      .filter((at) => isNear(at, at)),
  };
}
