import { nextOs, shapes } from '../clusterShape';
import { lookMeanwhile } from '../lookMeanwhile';
import type { Scenario } from '../scenario';
import { outOf } from './workersOut';

const atOnce = 2;
const intervalMs = 250;

export const workersInBatches: Scenario = {
  name: 'workers-in-batches',
  number: 30,
  title: `the OS of five workers is changed, ${String(atOnce)} at once`,
  holds: `the first goes alone, the others in pairs side by side, and never more than ${String(atOnce)} workers are out`,
  shape: shapes.batches,
  run: async (stage) => {
    const { workers } = stage.cluster;
    const seen = new Map<string, number>();
    const look = async (): Promise<void> => {
      const nodes = await stage.nodes().catch(() => undefined);
      if (nodes === undefined) return;
      const out = outOf(workers, nodes).join(' ');
      seen.set(out, (seen.get(out) ?? 0) + 1);
    };
    stage.changeOs(nextOs, ...workers);
    const [canary = '', ...others] = await stage.plannedOrder();
    const batches = [others.slice(0, atOnce), others.slice(atOnce)];
    const began = performance.now();
    await lookMeanwhile(
      async () => {
        await stage.runToTheEnd('up');
      },
      look,
      intervalMs,
    );
    const seconds = (performance.now() - began) / 1000;
    await stage.untilAsDeclared();
    const sets = [...seen.keys()].map((names) => names.split(' ').filter((name) => name !== ''));
    for (const names of sets)
      stage.saw(`out at once: ${names.length === 0 ? 'nobody' : names.join(' and ')}`);
    const looks = [...seen.values()].reduce((sum, count) => sum + count, 0);
    stage.figures({ 'roll, s': seconds.toFixed(0), looks: String(looks) });
    const most = Math.max(...sets.map(({ length }) => length));
    stage.checkEqual(most, atOnce, `${String(atOnce)} workers were out at once, and never more`);
    stage.checkEqual(
      sets.filter((names) => names.includes(canary)),
      [[canary]],
      `${canary}, the first, was out alone`,
    );
    for (const batch of batches) {
      stage.check(
        sets.some((names) => batch.every((name) => names.includes(name))),
        `${batch.join(' and ')} were out together`,
        JSON.stringify(sets),
      );
    }
    await stage.untilServed();
    await stage.checkNothingPending();
  },
};
