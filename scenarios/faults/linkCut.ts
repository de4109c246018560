import { steps } from '../../core/steps';
import { nextOs, shapes } from '../clusterShape';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';

/** Cuts a manager's link at the start of a step, lets up end as it will, mends it, and goes on. */
async function cutAt(stage: Stage, step: (node: string) => string): Promise<void> {
  const idBefore = await stage.clusterId();
  await stage.setConfig('timeouts.join', '40');
  await stage.setConfig('timeouts.leave', '30');
  await stage.setConfig('timeouts.ready', '40');
  stage.changeOs(nextOs, 'm1');
  const rolling = stage.start('up');
  await stage.untilStep(rolling, step('m1'));
  await stage.cutLink('m1');
  const up = await stage.finish('up', rolling);
  const reachable = (await stage.nodes()).filter(
    ({ managerStatus }) => managerStatus?.reachability === 'reachable',
  );
  stage.check(reachable.length >= 2, 'the other two managers are reachable and have a leader');
  if (up.exitCode === 0) {
    stage.saw('up came through all the same: the machine was built anew, with a whole link');
  } else {
    stage.check(/\bm1\b/.test(up.output), 'up fails and names m1', up.output);
    await stage.mendLink('m1');
    // An engine that was cut off tries its peers again after up to two minutes.
    await stage.setConfig('timeouts.join', '180');
    await stage.setConfig('timeouts.ready', '180');
    await stage.runToTheEnd('up');
  }
  await stage.untilAsDeclared();
  stage.checkEqual(await stage.clusterId('m1'), idBefore, 'm1 is in the same swarm');
  await stage.untilServed();
  await stage.checkNothingPending();
}

export const linkCutInJoin: Scenario = {
  name: 'link-cut-in-join',
  number: 5,
  title: 'the link of a manager is cut while it joins',
  holds:
    'up fails and names it, the others keep their majority; mended, up finishes, one entry per node',
  shape: shapes.threeManagers,
  run: (stage) => cutAt(stage, (node) => steps.join(node, 'manager')),
};

export const linkCutInLeave: Scenario = {
  name: 'link-cut-in-leave',
  number: 5,
  title: 'the link of a manager is cut while it leaves',
  holds:
    'the others keep their majority; up finishes, at the latest when it is mended, one entry per node',
  shape: shapes.threeManagers,
  run: (stage) => cutAt(stage, steps.leave),
};
