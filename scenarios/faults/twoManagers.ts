import { goldenOs, nextOs, shapes } from '../clusterShape';
import type { Scenario } from '../scenario';

export const twoManagers: Scenario = {
  name: 'two-managers',
  number: 13,
  title: 'a cluster of two managers, rolled',
  holds:
    'preview says what two managers mean, one at a time goes with the other as the whole quorum, and while one is off nothing is touched',
  shape: shapes.twoManagers,
  run: async (stage) => {
    const idBefore = await stage.clusterId();
    stage.changeOs(nextOs);
    const preview = await stage.runToTheEnd('preview');
    stage.check(
      /two managers: the swarm stops when either of them does/.test(preview.output),
      'preview says that two managers are weaker than one',
      preview.output,
    );
    stage.check(
      /2 → 1 members while it is out, quorum 1, tolerance 0/.test(preview.output),
      'preview says that the one that is left is the whole quorum',
      preview.output,
    );

    await stage.powerOff('m2');
    await stage.until(
      'm1 alone has no leader any more',
      async () => {
        const { error } = await (await stage.host('m1')).docker.info();
        return /does not have a leader/.test(error) || 'it still has one';
      },
      90,
    );
    const boots = await stage.bootIds(['m1', 'w1']);
    const silent = await stage.run('up');
    stage.check(silent.exitCode !== 0, 'while one is off up is refused', silent.output);
    stage.check(
      /1 of 2 managers of swarm \S+ \(m1\) can be reached, and a majority is 2/.test(silent.output),
      'up says that one of two is no majority',
      silent.output,
    );
    stage.checkEqual(silent.changes, [], 'up changed no resource');
    stage.checkEqual(await stage.bootIds(['m1', 'w1']), boots, 'no machine is rebuilt');
    await stage.powerOn('m2');
    await stage.untilAsDeclared(goldenOs);

    await stage.runToTheEnd('up');
    await stage.untilAsDeclared();
    stage.checkEqual(await stage.clusterId(), idBefore, 'it is the same swarm');
    await stage.untilServed();
    await stage.checkNothingPending();
  },
};
