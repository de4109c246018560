import { steps } from '../../core/steps';
import { shapes } from '../clusterShape';
import { killAt } from '../kills/killAt';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';
import { leaderless, wayOut } from './leaderless';

export const quorumLost: Scenario = {
  name: 'quorum-lost',
  number: 11,
  title: 'two of three managers are lost for good, and the provider is killed -9 in the recovery',
  holds:
    'preview says so and names the way out, a wrong token is refused, the survivor carries swarm and service on, the others join anew, and a lost one that comes back harms nothing',
  shape: shapes.threeManagers,
  run: async (stage) => {
    const idBefore = await stage.clusterId();
    const survivor = (await stage.node('m1')).id;
    await destroy(stage, 'm2');
    await stage.powerOff('m3');
    await stage.until('m1 has lost its leader', () => leaderless(stage, 'm1'), 60);

    const from = await wayOut(stage, 'm1');

    await stage.setConfig('recoverFrom', 'm1@0123456789abcdef');
    const refused = await stage.run('up');
    stage.check(
      refused.exitCode !== 0 && refused.output.includes('is not that of m1'),
      'up refuses another token',
      refused.output,
    );
    stage.checkEqual(refused.changes, [], 'it changed no resource');

    await stage.setConfig('recoverFrom', from);
    const killed = await killAt(stage, 'provider', stage.pulumi.stack, {
      step: 'recover',
      operation: 'update',
      resource: 'Swarm',
      time: 1,
    });
    stage.checkEqual(killed, 'hit', 'the kill hit the recovery');
    const mark = stage.mark();
    await stage.runToTheEnd('up', '--refresh');
    // The engine may have done what the killed provider had asked of it.
    const again: readonly string[] = [steps.restartEngine('m1'), steps.recover('m1')];
    const done = stage.stepsSince(mark).filter((step) => !again.includes(step));
    stage.checkEqual(
      [...done.slice(0, 2)].sort(),
      [steps.remove('m2'), steps.remove('m3')],
      'the next run goes on where it was: the entries of the lost ones go before anything else',
    );
    stage.checkEqual(await stage.clusterId('m1'), idBefore, 'it is the same swarm');
    stage.checkEqual((await stage.node('m1')).id, survivor, 'm1 is the same node');
    await stage.untilServed();
    const { managerStatus } = await stage.node('m2');
    stage.checkEqual(managerStatus?.reachability, 'reachable', 'm2, built again, is a member');

    await stage.powerOn('m3');
    await stage.until(
      'm3 finds no leader of the swarm that it remembers',
      () => leaderless(stage, 'm3'),
      90,
    );
    const members = (await stage.nodes()).map(({ hostname, state }) => `${hostname} ${state}`);
    stage.checkEqual(
      [...members].sort(),
      ['m1 ready', 'm2 ready', 'w1 ready'],
      'the swarm does not know m3, and is as it was',
    );
    const warned = await stage.runToTheEnd('up');
    stage.check(
      warned.output.includes('recoverFrom does nothing'),
      'up warns of the recoverFrom that is left in the configuration',
      warned.output,
    );
    await stage.untilAsDeclared();
    await stage.untilServed();
    await stage.pulumi.runOrFail('config', 'rm', 'recoverFrom');
    stage.did('removed recoverFrom');
    await stage.runToTheEnd('up');
    await stage.checkNothingPending();
  },
};

/** The machine and its disk are gone, behind Pulumi's back. */
async function destroy(stage: Stage, name: string): Promise<void> {
  const { lab } = stage.cluster;
  const record = await stage.effects.lab.record(lab, name);
  if (record === undefined) throw new Error(`lab ${lab} has no machine ${name}`);
  await stage.effects.lab.remove(lab, name, record.id);
  stage.did(`destroyed the machine ${name} and its disk`);
}
