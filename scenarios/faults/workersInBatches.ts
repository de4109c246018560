import { nextOs, shapes } from '../clusterShape';
import type { Scenario } from '../scenario';
import { checkMostOut, watchOut } from './workersOut';

const atOnce = 2;

export const workersInBatches: Scenario = {
  name: 'workers-in-batches',
  number: 30,
  title: `the OS of five workers is changed, ${String(atOnce)} at once`,
  holds: `the first goes alone, the others in pairs side by side, and never more than ${String(atOnce)} workers are out`,
  shape: shapes.batches,
  run: async (stage) => {
    stage.changeOs(nextOs, ...stage.cluster.workers);
    const [canary = '', ...others] = await stage.plannedOrder();
    const batches = [others.slice(0, atOnce), others.slice(atOnce)];
    const began = performance.now();
    const watch = await watchOut(stage, async () => {
      await stage.runToTheEnd('up');
    });
    const seconds = (performance.now() - began) / 1000;
    await stage.untilAsDeclared();
    const { looks, sets } = watch;
    stage.figures({ 'roll, s': seconds.toFixed(0), looks: String(looks) });
    checkMostOut(stage, watch, atOnce);
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
