import { readFile } from 'node:fs/promises';
import { observedManagers } from '../../../demo/cluster';
import { startClient } from '../../../demo/clientProcess';
import { startObserver } from '../../../demo/observer';
import {
  missingTicks,
  parseClientCsv,
  summarizeClient,
  type ClientRow,
  type ClientSummary,
} from '../../../demo/report/clientRows';
import {
  parseObserverRows,
  summarizeQuorum,
  type QuorumSummary,
} from '../../../demo/report/quorum';
import type { Effects } from '../../../effects/effects';
import { rollCluster, webUrl } from './rollCluster';

const intervalMs = 20;

/** What client and observer saw from their start to their end. */
export interface Watched {
  readonly client: ClientSummary & { readonly missingTicks: number; readonly seconds: number };
  /** Runs of neighbouring failures. */
  readonly outages: readonly string[];
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
  const client = startClient(webUrl, files.client, intervalMs);
  const observer = await startObserver({
    managers: observedManagers(effects, rollCluster),
    out: files.observer,
  });
  return {
    stop: async () => {
      const seconds = (performance.now() - began) / 1000;
      await Promise.all([client.stop(), observer.stop()]);
      const rows = parseClientCsv(await readFile(files.client, 'utf8'));
      const quorum = summarizeQuorum(parseObserverRows(await readFile(files.observer, 'utf8')));
      const planned = rows.map(({ plannedAtMs }) => plannedAtMs);
      return {
        client: {
          ...summarizeClient(rows),
          missingTicks: missingTicks(rows, intervalMs),
          seconds: ((planned.at(-1) ?? 0) - (planned[0] ?? 0)) / 1000,
        },
        outages: outagesOf(rows),
        quorum,
        seconds,
      };
    },
  };
}

/** Failures that follow each other, as one line each. */
function outagesOf(rows: readonly ClientRow[]): readonly string[] {
  const runs: ClientRow[][] = [];
  rows.forEach((row, index) => {
    if (row.outcome === 'ok') return;
    const before = rows[index - 1];
    if (before === undefined || before.outcome === 'ok') runs.push([]);
    runs.at(-1)?.push(row);
  });
  return runs.map((run) => {
    const from = run[0]?.plannedAtMs ?? 0;
    const lastMs = (run.at(-1)?.plannedAtMs ?? from) - from;
    const outcomes = [...new Set(run.map(({ outcome }) => outcome))].join(', ');
    return `${new Date(from).toISOString()}: ${run.length} failures over ${lastMs.toFixed(0)} ms (${outcomes})`;
  });
}
