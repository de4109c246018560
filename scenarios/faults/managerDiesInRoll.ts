import { steps } from '../../core/steps';
import { nextOs, shapes } from '../clusterShape';
import type { Scenario } from '../scenario';

/** Seconds that the gate waits here, so that a scenario need not wait the default of five minutes. */
const gateSeconds = '20';

export const managerDiesAtGate: Scenario = {
  name: 'manager-dies-in-roll',
  number: 2,
  title: 'a manager dies while another is being rebuilt, in a swarm of five',
  holds:
    'the majority is held, up stops at the gate of the next manager and names the dead one; back on, up finishes',
  shape: shapes.fiveManagers,
  run: async (stage) => {
    await stage.setConfig('timeouts.gate', gateSeconds);
    stage.changeOs(nextOs, 'm1', 'm2');
    const order = await stage.plannedOrder();
    const [first, second] = [order[0] ?? '', order[1] ?? ''];
    const leader = await stage.leader();
    const dying = stage.cluster.managers.find((name) => !order.includes(name) && name !== leader);
    stage.check(dying !== undefined, 'a manager that is not rebuilt and not the leader dies');
    if (dying === undefined) return;

    const rolling = stage.start('up');
    await stage.untilStep(rolling, steps.powerOn(first, nextOs));
    await stage.powerOff(dying);
    const up = await stage.finish('up', rolling);
    stage.check(up.exitCode !== 0, 'up stops', up.output);
    const named = new RegExp(`gate before manager ${second}[^\\n]*shut[^\\n]*\\b${dying}\\b`);
    stage.check(
      named.test(up.output),
      `it stops at the gate of ${second}, because of ${dying}`,
      up.output,
    );
    const reachable = (await stage.nodes()).filter(
      ({ managerStatus }) => managerStatus?.reachability === 'reachable',
    );
    stage.checkEqual(reachable.length, 4, '4 of 5 managers are reachable, with the rebuilt one');
    stage.checkEqual((await stage.node(second)).availability, 'active', `${second} is not drained`);
    await stage.untilServed();

    await stage.powerOn(dying);
    const rebuilt = await stage.bootIds([first]);
    await stage.runToTheEnd('up');
    await stage.untilAsDeclared();
    stage.checkEqual(await stage.bootIds([first]), rebuilt, `${first} is not built again`);
    await stage.checkNothingPending();
  },
};

export const managerDiesMajorityLost: Scenario = {
  name: 'manager-dies-majority-lost',
  number: 2,
  title: 'a manager dies while another is being rebuilt, in a swarm of three',
  holds:
    'one of two members is no majority: up stops, says so, and nothing more is touched; back on, up finishes',
  shape: shapes.threeManagers,
  isTelling: true,
  run: async (stage) => {
    const idBefore = await stage.clusterId();
    stage.changeOs(nextOs, 'm1');
    await stage.setConfig('timeouts.join', '30');
    const rolling = stage.start('up');
    await stage.untilStep(rolling, steps.installEngine('m1'));
    await stage.powerOff('m2');
    const up = await stage.finish('up', rolling);
    stage.check(up.exitCode !== 0, 'up stops', up.output);
    stage.check(
      /no manager of the swarm can be used|does not have a leader/.test(up.output),
      'it says that the swarm has no leader',
      up.output,
    );

    await stage.powerOn('m2');
    await stage.runToTheEnd('up');
    await stage.untilAsDeclared();
    stage.checkEqual(await stage.clusterId(), idBefore, 'it is the same swarm');
    await stage.untilServed();
    await stage.checkNothingPending();
  },
};
