import { shapes } from '../clusterShape';
import type { Scenario } from '../scenario';
import { leaderless, wayOut } from './leaderless';

const back = ['m2', 'm3'] as const;

export const lostOnesMeet: Scenario = {
  name: 'lost-ones-meet',
  number: 11,
  title: 'after a recovery both lost managers come back together, and are a second swarm',
  holds:
    'preview and up say so and change nothing; once they have left, as the message says, the next up takes them in',
  shape: shapes.threeManagers,
  run: async (stage) => {
    const idBefore = await stage.clusterId();
    for (const name of back) await stage.powerOff(name);
    await stage.until('m1 has lost its leader', () => leaderless(stage, 'm1'), 60);
    await stage.setConfig('recoverFrom', await wayOut(stage, 'm1'));
    await stage.runToTheEnd('up');
    await stage.pulumi.runOrFail('config', 'rm', 'recoverFrom');
    stage.did('removed recoverFrom');

    await Promise.all(back.map((name) => stage.powerOn(name)));
    await stage.until(
      'm2 and m3 have a leader of their own, in a swarm with the same ID',
      async () => {
        const ids = await Promise.all(back.map((name) => stage.clusterId(name)));
        return ids.every((id) => id === idBefore) || ids.join();
      },
      120,
    );
    for (const command of ['preview', 'up']) {
      const { exitCode, output, changes } = await stage.run(command);
      stage.check(
        exitCode !== 0 && output.includes('in two swarms with the same ID'),
        `${command} fails and says that there are two swarms with the same ID`,
        output,
      );
      stage.checkEqual(changes, [], 'it changed no resource');
    }
    const { docker } = await stage.host('m1');
    const members = (await docker.nodes()).map(({ hostname, state }) => `${hostname} ${state}`);
    stage.checkEqual([...members].sort(), ['m1 ready', 'w1 ready'], 'the swarm of m1 is as it was');

    for (const name of back) {
      const host = await stage.host(name);
      await host.run(['docker', 'swarm', 'leave', '--force'], { timeoutSeconds: 120 });
      stage.did(`docker swarm leave --force on ${name}`);
    }
    await stage.runToTheEnd('up');
    await stage.untilAsDeclared();
    stage.checkEqual(await stage.clusterId('m3'), idBefore, 'it is the same swarm');
    await stage.untilServed();
    await stage.checkNothingPending();
  },
};
