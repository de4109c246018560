import { nextOs, shapes } from '../clusterShape';
import type { Scenario } from '../scenario';

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
    await stage.until(
      'the other managers see m3 as unreachable',
      async () => {
        const { managerStatus, state } = await stage.node('m3');
        return (
          (managerStatus?.reachability === 'unreachable' && state === 'down') ||
          `${String(managerStatus?.reachability)} and ${state}`
        );
      },
      90,
    );
    await stage.setConfig('os', nextOs);
    const boots = await stage.bootIds(['m1', 'm2', 'w1']);

    const preview = await stage.run('preview');
    stage.check(preview.exitCode !== 0, 'preview fails', preview.output);
    stage.check(
      /\bm3\b[^\n]*(?:out|reach|answer)/.test(preview.output),
      'preview names m3',
      preview.output,
    );
    const up = await stage.run('up');
    stage.check(up.exitCode !== 0, 'up fails', up.output);
    stage.checkEqual(up.changes, [], 'up changes no resource');
    stage.checkEqual(await stage.bootIds(['m1', 'm2', 'w1']), boots, 'no machine is rebuilt');
    const drained = (await stage.nodes()).filter(({ availability }) => availability !== 'active');
    stage.checkEqual(
      drained.map(({ hostname }) => hostname),
      [],
      'nothing is drained',
    );

    await stage.powerOn('m3');
    await stage.untilAsDeclared('debian:12');
    await stage.runToTheEnd('up');
    await stage.untilAsDeclared(nextOs);
    stage.checkEqual(await stage.clusterId(), idBefore, 'it is the same swarm');
    await stage.untilServed();
    await stage.checkNothingPending();
  },
};
