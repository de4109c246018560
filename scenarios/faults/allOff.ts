import { goldenOs, shapes, type ClusterShape } from '../clusterShape';
import type { Scenario } from '../scenario';

function allOff(name: string, words: string, shape: ClusterShape, isTelling: boolean): Scenario {
  const majority = Math.floor(shape.managers / 2) + 1;
  return {
    name,
    number: 7,
    title: `all machines lose their power, and ${String(majority)} of ${words} managers come back first`,
    holds: 'the bare majority is a working swarm, and the rest joins in by itself',
    shape,
    isTelling,
    run: async (stage) => {
      const idBefore = await stage.clusterId();
      const { lab, managers } = stage.cluster;
      const all = stage.nodeNames;
      await Promise.all(all.map((each) => stage.effects.lab.powerOff(lab, each)));
      stage.did(`cut the power of ${all.join(', ')} at once`);
      const back = managers.slice(-majority);
      await Promise.all(back.map((each) => stage.effects.lab.powerOn(lab, each)));
      stage.did(`powered ${back.join(' and ')} on`);
      await stage.until(
        'they have a leader and list each other as reachable',
        async () => {
          const reachable = (await stage.nodes())
            .filter(({ managerStatus }) => managerStatus?.reachability === 'reachable')
            .map(({ hostname }) => hostname);
          await stage.leader();
          return back.every((each) => reachable.includes(each)) || `reachable: ${reachable.join()}`;
        },
        120,
      );
      stage.checkEqual(await stage.clusterId(), idBefore, 'it is the same swarm');
      const { docker } = await stage.host(back[0] ?? '');
      await docker.createConfig('scenario-all-off', 'written by a bare majority', {});
      stage.saw('it takes a change: a config was created');
      await stage.untilServed(120);
      const rest = all.filter((each) => !back.includes(each));
      await Promise.all(rest.map((each) => stage.effects.lab.powerOn(lab, each)));
      stage.did(`powered ${rest.join(' and ')} on`);
      await stage.untilAsDeclared(goldenOs);
      await stage.untilServed();
      await stage.checkNothingPending();
    },
  };
}

export const allOffOfThree = allOff('all-off-of-three', 'three', shapes.threeManagers, true);
export const allOffOfFive = allOff('all-off-of-five', 'five', shapes.fiveManagers, false);
