import { readFile } from 'node:fs/promises';
import { observedManagers } from '../../../demo/cluster';
import { clientIntervalMs, startClient } from '../../../demo/clientProcess';
import { startObserver } from '../../../demo/observer';
import type { JournalLine } from '../../../demo/report/journal';
import {
  missingTicks,
  parseClientCsv,
  summarizeClient,
  type ClientSummary,
} from '../../../demo/report/clientRows';
import { clientSentence } from '../../../demo/report/clientSentence';
import {
  parseObserverRows,
  summarizeQuorum,
  type QuorumSummary,
} from '../../../demo/report/quorum';
import { outagesOf, type Outage } from '../../../demo/report/outages';
import { stepsAt } from '../../../demo/report/stepsAt';
import type { Effects } from '../../../effects/effects';
import { rollCluster, webUrl } from './rollCluster';

/** What client and observer saw from their start to their end. */
export interface Watched {
  readonly client: ClientSummary & { readonly missingTicks: number; readonly seconds: number };
  readonly outages: readonly Outage[];
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
  const client = startClient(webUrl, files.client);
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
          missingTicks: missingTicks(rows, clientIntervalMs),
          seconds: ((planned.at(-1) ?? 0) - (planned[0] ?? 0)) / 1000,
        },
        outages: outagesOf(rows),
        quorum,
        seconds,
      };
    },
  };
}

/** The figures, hidden none, as lines; each outage with the step that ran when it began. */
export function describeWatched(
  { client, outages, quorum }: Watched,
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
    `managers: ${samples.length} samples answered, at least ${fewest} reachable; ${unanswered.samples} unanswered, at most ${unanswered.longestRun} in a row`,
  ];
}
