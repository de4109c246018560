import { copyFile, mkdir } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { repository } from '../../demo/project';
import { outagesOf } from '../../demo/report/outages';
import { clientSentence, gapBoundMs } from '../../demo/report/clientSentence';
import { cutUnderWay } from '../../demo/report/servedBy';
import { stepsAt } from '../../demo/report/stepsAt';
import { echoPort, nextOs, shapes } from '../clusterShape';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';
import { watchVip, type VipSight } from './watchVip';

export const vipRoll: Scenario = {
  name: 'vip',
  number: 20,
  title:
    'the OS of three managers and two workers is changed under a client that opens a new connection through the virtual IP every 10 ms',
  holds: `no request fails, no gap is over ${gapBoundMs} ms, and a long connection is cut at most once per handover`,
  shape: shapes.vip,
  run: async (stage) => {
    const { vip, port } = stage.cluster;
    await stage.untilServed();
    const began = Date.now();
    const watch = watchVip({
      url: `http://${vip}:${port}/`,
      out: stage.pulumi.path('client.csv'),
      echo: { address: vip, port: echoPort },
    });
    let sight: VipSight;
    try {
      stage.changeOs(nextOs);
      await stage.runToTheEnd('up');
    } finally {
      sight = await watch.stop();
    }
    tell(stage, sight, began);
    await keepRaw(stage.pulumi.path('client.csv'));
    await stage.untilAsDeclared();
    const { client, cuts = [], moves } = sight;
    stage.checkEqual(client.failures, 0, 'no request failed');
    stage.check(
      client.longestPathGapMs <= gapBoundMs,
      `no gap is over ${gapBoundMs} ms, stalls of the client itself taken out`,
      `${client.longestPathGapMs} ms`,
    );
    stage.check(
      cuts.length <= moves.length,
      'the long connection was cut at most once per handover',
      `${cuts.length} cuts, ${moves.length} handovers`,
    );
    await stage.checkNothingPending();
  },
};

/** What every figure is made of stays when the project is taken away. */
async function keepRaw(file: string): Promise<void> {
  const kept = join(repository, 'out', 'scenarios', 'vip-client.csv');
  await mkdir(dirname(kept), { recursive: true });
  await copyFile(file, kept);
}

/** Everything that was seen, before anything of it is judged. Times in seconds since the client began. */
function tell(
  stage: Stage,
  { client, rows, gaps, moves, cuts = [], load }: VipSight,
  began: number,
): void {
  const journal = stage.pulumi.journal();
  const at = (ms: number): string => `${((ms - began) / 1000).toFixed(1)} s`;
  stage.saw(clientSentence(client));
  for (const { fromMs, ms, pathMs } of gaps) {
    stage.saw(
      `a gap of ${ms.toFixed(0)} ms at ${at(fromMs)}, ${pathMs.toFixed(0)} ms without the client's own stalls: ${stepsAt(journal, fromMs)}`,
    );
  }
  for (const { fromMs, rows: lost } of outagesOf(rows)) {
    const outcomes = [...new Set(lost.map(({ outcome }) => outcome))].join(', ');
    stage.saw(
      `${lost.length} in a row failed at ${at(fromMs)} (${outcomes}): ${stepsAt(journal, fromMs)}`,
    );
  }
  const cutSentences = cuts.map(
    ({ atMs, reason, backAfterMs }) =>
      `${reason} at ${at(atMs)}, back after ${backAfterMs === undefined ? 'never' : `${backAfterMs.toFixed(0)} ms`}`,
  );
  stage.saw(`the long connection was cut ${cuts.length} times: ${cutSentences.join('; ')}`);
  stage.figures({
    requests: String(client.requests),
    failures: String(client.failures),
    'of them under way at a handover': String(cutUnderWay(rows, moves).length),
    'not sent': String(client.skipped),
    'longest gap': `${client.longestGapMs.toFixed(0)} ms`,
    'without the client’s stalls': `${client.longestPathGapMs.toFixed(0)} ms`,
    'longest gap at': at(client.longestGapFromMs ?? began),
    'step then': stepsAt(journal, client.longestGapFromMs ?? began),
    handovers: moves.map(({ from, to, atMs }) => `${from} → ${to} at ${at(atMs)}`).join('; '),
    'cuts of the long connection': String(cuts.length),
    load: `${load.toFixed(1)} on ${cpus().length} cores`,
  });
}
