import { nextOs, shapes } from '../clusterShape';
import { killAt, type KillTarget } from '../kills/killAt';
import type { Scenario } from '../scenario';
import { checkMostOut, outOf, watchOut } from './workersOut';

const atOnce = 2;

/** Whichever of a pair passes its gate first: when one of them leaves, the other one is drained at least. */
const kills = [
  { target: 'provider', pair: ['w2', 'w3'] },
  { target: 'CLI', pair: ['w4', 'w5'] },
] as const satisfies readonly { readonly target: KillTarget; readonly pair: readonly string[] }[];

export const killInBatch: Scenario = {
  name: 'kill-in-batch',
  number: 3,
  title:
    'kill -9 while two workers of a batch are taken out side by side: the provider in the first pair, the CLI in the second',
  holds: `the next up finishes: never more than ${String(atOnce)} workers are out, one entry per node, the first worker is built once, and the manager stays`,
  shape: shapes.batches,
  run: async (stage) => {
    const { managers, workers } = stage.cluster;
    const clusterId = await stage.clusterId();
    const [manager = ''] = managers;
    const before = await stage.bootIds([manager]);
    stage.changeOs(nextOs, ...workers);
    stage.checkEqual(
      await stage.plannedOrder(),
      workers,
      'the plan goes through the workers in order',
    );
    const boots: (string | undefined)[] = [];
    const bootOfFirst = async (): Promise<string | undefined> =>
      (await stage.bootIds(['w1']))['w1'];
    const watch = await watchOut(stage, async () => {
      for (const { target, pair } of kills) {
        const [, node] = pair;
        const point = { step: 'leave', operation: 'delete', resource: 'Node', time: 1 } as const;
        const verdict = await killAt(stage, target, node, point);
        stage.checkEqual(verdict, 'hit', `the kill hit ${node} as it left`);
        const out = outOf(workers, await stage.nodes());
        stage.checkEqual(out, pair, `${pair.join(' and ')} were out at that moment`);
        if (target === 'CLI') await stage.run('cancel');
        boots.push(await bootOfFirst());
      }
      await stage.runToTheEnd('up');
    });
    await stage.untilAsDeclared();
    checkMostOut(stage, watch, atOnce);
    stage.checkEqual(await stage.clusterId(), clusterId, 'it is the same swarm');
    stage.checkEqual(await stage.bootIds([manager]), before, `${manager} was not touched`);
    stage.checkEqual(new Set([...boots, await bootOfFirst()]).size, 1, 'w1 was built once');
    await stage.untilServed();
    await stage.checkNothingPending();
  },
};
