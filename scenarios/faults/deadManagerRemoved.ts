import { steps } from '../../core/steps';
import { nextOs, shapes } from '../clusterShape';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';
import { untilUnreachable } from './unreachable';

/** Nothing of the dead one is left in the swarm, and the others are all that there is. */
async function checkRemoved(stage: Stage, dead: string): Promise<void> {
  const names = (await stage.nodes()).map(({ hostname }) => hostname).sort();
  stage.checkEqual(names, [...stage.nodeNames].sort(), `${dead} has no entry any more`);
  const members = (await stage.nodes()).filter(({ managerStatus }) => managerStatus !== undefined);
  stage.checkEqual(
    members.length,
    stage.cluster.managers.length,
    'raft has exactly the declared managers as members',
  );
  const record = await stage.effects.lab.record(stage.cluster.lab, dead);
  stage.check(record === undefined, `the machine of ${dead} is gone`);
}

export const deadManagerRemoved: Scenario = {
  name: 'dead-manager-removed',
  number: 10,
  title: 'a manager never comes back, and is taken out of the declaration',
  holds: 'up removes it, and touches nothing else',
  shape: shapes.threeManagers,
  run: async (stage) => {
    await stage.powerOff('m3');
    await untilUnreachable(stage, 'm3');
    stage.undeclare('m3');
    const boots = await stage.bootIds();
    await stage.runToTheEnd('up');
    await stage.untilAsDeclared();
    await checkRemoved(stage, 'm3');
    stage.checkEqual(await stage.bootIds(), boots, 'no other machine is rebuilt or restarted');
    await stage.untilServed();
    await stage.checkNothingPending();
  },
};

export const deadManagerRemovedInRoll: Scenario = {
  name: 'dead-manager-removed-in-roll',
  number: 10,
  title: 'a manager never comes back, and is taken out in the same run that rolls the others',
  holds: 'it is evicted first and does not block the gate of the others',
  shape: shapes.fiveManagers,
  run: async (stage) => {
    await stage.powerOff('m5');
    await untilUnreachable(stage, 'm5');
    stage.undeclare('m5');
    stage.changeOs(nextOs, 'm1', 'm2');
    const mark = stage.mark();
    await stage.runToTheEnd('up');
    const began = stage.stepsSince(mark);
    const evicted = began.indexOf(steps.evict('m5'));
    const firstDrain = began.findIndex((sentence) => sentence.startsWith('drain '));
    stage.check(evicted >= 0 && evicted < firstDrain, 'm5 is evicted before the first drain');
    await stage.untilAsDeclared();
    await checkRemoved(stage, 'm5');
    await stage.untilServed();
    await stage.checkNothingPending();
  },
};
