import { shapes } from '../clusterShape';
import { alternating, replaceThroughKills } from '../kills/replaceThroughKills';
import type { Scenario } from '../scenario';

export const killThreeTimes: Scenario = {
  name: 'kill-three-times',
  number: 3,
  title:
    'kill -9 three times in one replacement of a manager: provider at demote, CLI at machine up, provider at join',
  holds:
    'the next up finishes: the same swarm, one entry per node, no stale member, nothing built or joined twice',
  shape: shapes.threeManagers,
  isTelling: true,
  run: async (stage) => {
    const cluster = await alternating(stage, 'm1');
    const verdicts = await replaceThroughKills(stage, cluster, [
      {
        target: 'provider',
        point: { step: 'demote', operation: 'delete', resource: 'Node', time: 1 },
      },
      {
        target: 'CLI',
        point: { step: 'powerOn', operation: 'create', resource: 'LabMachine', time: 1 },
      },
      {
        target: 'provider',
        point: { step: 'join', operation: 'create', resource: 'Node', time: 1 },
      },
    ]);
    stage.checkEqual(verdicts, ['hit', 'hit', 'hit'], 'every kill hit its step');
    await stage.checkNothingPending();
  },
};
