import { nextOs, shapes } from '../clusterShape';
import { killAt, type KillTarget } from '../kills/killAt';
import { lookMeanwhile } from '../lookMeanwhile';
import type { Scenario } from '../scenario';
import { outOf } from './workersOut';

const atOnce = 2;
const intervalMs = 250;

/** Whichever of a pair passes its gate first: when one of them leaves, the other one is drained at least. */
const kills = [
  { target: 'provider', pair: ['w2', 'w3'] },
  { target: 'CLI', pair: ['w4', 'w5'] },
] as const satisfies readonly { readonly target: KillTarget; readonly pair: readonly string[] }[];

export const killInBatch: Scenario = {
  name: 'kill-in-batch',
  number: 3,
  title: `kill -9 while two workers of a batch are taken out side by side: the provider in the first pair, the CLI in the second`,
  holds: `the next up finishes: never more than ${String(atOnce)} workers are out, one entry per node, the first worker is built once, and the manager stays`,
  shape: shapes.batches,
  run: async (stage) => {
    const { managers, workers } = stage.cluster;
    const clusterId = await stage.clusterId();
    const [manager = ''] = managers;
    const before = await stage.bootIds([manager]);
    const outs = new Set<string>();
    const look = async (): Promise<void> => {
      const nodes = await stage.nodes().catch(() => undefined);
      if (nodes !== undefined) outs.add(outOf(workers, nodes).join(' '));
    };
    stage.changeOs(nextOs, ...workers);
    stage.checkEqual(
      await stage.plannedOrder(),
      workers,
      'the plan goes through the workers in order',
    );
    const boots: Readonly<Record<string, string>>[] = [];
    await lookMeanwhile(
      async () => {
        for (const { target, pair } of kills) {
          const [, node] = pair;
          const point = { step: 'leave', operation: 'delete', resource: 'Node', time: 1 } as const;
          const verdict = await killAt(stage, target, node, point);
          stage.checkEqual(verdict, 'hit', `the kill hit ${node} as it left`);
          const out = outOf(workers, await stage.nodes());
          stage.checkEqual(out, pair, `${pair.join(' and ')} were out at that moment`);
          if (target === 'CLI') await stage.run('cancel');
          boots.push(await stage.bootIds(['w1']));
        }
        await stage.runToTheEnd('up');
      },
      look,
      intervalMs,
    );
    await stage.untilAsDeclared();
    const sets = [...outs].map((names) => names.split(' ').filter((name) => name !== ''));
    for (const names of sets) {
      stage.saw(`out at once: ${names.length === 0 ? 'nobody' : names.join(' and ')}`);
    }
    const most = Math.max(...sets.map(({ length }) => length));
    stage.checkEqual(most, atOnce, `${String(atOnce)} workers were out at once, and never more`);
    stage.checkEqual(await stage.clusterId(), clusterId, 'it is the same swarm');
    stage.checkEqual(await stage.bootIds([manager]), before, `${manager} was not touched`);
    boots.push(await stage.bootIds(['w1']));
    stage.checkEqual(new Set(boots.map(({ w1 }) => w1)).size, 1, 'w1 was built once');
    await stage.untilServed();
    await stage.checkNothingPending();
  },
};
