import { goldenOs, nextOs, shapes } from '../clusterShape';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';
import { countRequests } from './countRequests';
import { holderAndOthers, untilHolders } from './vipHolders';

export const vipNoPeer: Scenario = {
  name: 'vip-no-peer',
  number: 23,
  title: 'the holder of the virtual IP is to be rebuilt, and no other manager can take the address',
  holds:
    'preview and up refuse before anything is touched; with allowGap it goes through and says how long the gap is',
  shape: shapes.threeManagers,
  run: async (stage) => {
    await stage.untilServed();
    const { holder, others } = await holderAndOthers(stage);
    const boots = await stage.bootIds();
    await stopKeepalived(stage, others);
    stage.changeOs(nextOs, holder);
    const refused = await countRequests(stage, 'while it was refused', async () => {
      const sentence = `${holder}: it holds ${stage.cluster.vip}/24, and no other manager can take it`;
      for (const command of ['preview', 'up']) {
        const run = await stage.run(command);
        stage.check(run.exitCode !== 0, `${command} refuses`, run.output);
        stage.check(run.output.includes(sentence), `${command} says why`, run.output);
      }
    });
    stage.checkEqual(await stage.bootIds(), boots, 'no machine was touched');
    stage.checkEqual(await untilHolders(stage, 1), [holder], 'the address is where it was');
    stage.checkEqual(refused.client.failures, 0, 'no request failed');

    stage.changeOs(goldenOs, holder);
    const vip = stage.declared('vip') as Readonly<Record<string, unknown>>;
    stage.declare('vip', { ...vip, allowGap: true }, 'declared allowGap on the virtual IP');
    await stage.runToTheEnd('up');
    await stopKeepalived(stage, others);
    stage.changeOs(nextOs, holder);
    const gone = await countRequests(stage, 'with allowGap', async () => {
      // The others as they are: a run of all would mend them first.
      const up = await stage.runToTheEnd('up', '--target', `**::${holder}`);
      const sentence = `nobody answers at the virtual IP until ${holder} is rebuilt`;
      stage.check(up.output.includes(sentence), `up says "${sentence}"`, up.output);
      await stage.untilServed();
    });
    stage.figures({
      'requests while it was refused': String(refused.client.requests),
      'failures while it was refused': String(refused.client.failures),
      'gap with allowGap': `${(gone.client.longestGapMs / 1000).toFixed(0)} s`,
    });
    stage.checkEqual(await untilHolders(stage, 1), [holder], 'the rebuilt node has the address');
    await stage.runToTheEnd('up');
    await stage.checkNothingPending();
  },
};

async function stopKeepalived(stage: Stage, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await (await stage.host(name)).systemd.stop('keepalived.service');
  }
  stage.did(`stopped keepalived on ${names.join(' and ')}`);
}
