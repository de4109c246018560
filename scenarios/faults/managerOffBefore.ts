import { goldenOs, nextOs, shapes } from '../clusterShape';
import type { Scenario } from '../scenario';
import { untilUnreachable } from './unreachable';

export const managerOffBefore: Scenario = {
  name: 'manager-off-before',
  number: 1,
  title: 'the third manager is off before a roll starts',
  holds: 'preview and up fail and say which, nothing is drained; back on, it goes through',
  shape: shapes.threeManagers,
  isTelling: true,
  run: async (stage) => {
    const idBefore = await stage.clusterId();
    await stage.powerOff('m3');
    await untilUnreachable(stage, 'm3');
    stage.changeOs(nextOs, 'm1');
    const others = ['m1', 'm2', 'w1'];
    const boots = await stage.bootIds(others);

    const preview = await stage.run('preview');
    stage.check(preview.exitCode !== 0, 'preview fails', preview.output);
    const names = /manager m3 is unreachable|m3 does not answer/;
    stage.check(names.test(preview.output), 'preview says that it is m3', preview.output);
    const up = await stage.run('up');
    stage.check(
      up.exitCode !== 0 && names.test(up.output),
      'up fails and says the same',
      up.output,
    );
    stage.checkEqual(up.changes, [], 'up changes no resource');
    stage.checkEqual(await stage.bootIds(others), boots, 'no machine is rebuilt');
    const drained = (await stage.nodes()).filter(({ availability }) => availability !== 'active');
    stage.checkEqual(
      drained.map(({ hostname }) => hostname),
      [],
      'nothing is drained',
    );

    await stage.powerOn('m3');
    await stage.untilAsDeclared(goldenOs);
    await stage.runToTheEnd('up');
    await stage.untilAsDeclared();
    stage.checkEqual(await stage.clusterId(), idBefore, 'it is the same swarm');
    await stage.untilServed();
    await stage.checkNothingPending();
  },
};
