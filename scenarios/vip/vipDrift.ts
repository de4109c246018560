import { keepalivedPath } from '../../core/keepalived/keepalivedUnit';
import { withRaised } from '../../core/keepalived/raiseKeepalived';
import { shapes } from '../clusterShape';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';
import { countRequests } from './countRequests';
import { holderAndOthers, untilHolders } from './vipHolders';

export const vipDrift: Scenario = {
  name: 'vip-drift',
  number: 22,
  title:
    'keepalived stopped, edited and left raised by hand, and VRRP dropped between two managers',
  holds:
    'refresh says each of them, up mends the first three without a failed request and names what keeps two holders apart',
  shape: shapes.threeManagers,
  run: async (stage) => {
    await stage.untilServed();
    const boots = await stage.bootIds();
    const mended = await countRequests(stage, 'spoiled and mended', () => byHand(stage));
    const split = await countRequests(stage, 'two holders', () => splitBrain(stage));
    stage.figures({
      'requests while it was mended': String(mended.client.requests),
      failures: String(mended.client.failures),
      'longest gap': `${mended.client.longestGapMs.toFixed(0)} ms`,
      'without the client’s stalls': `${mended.client.longestPathGapMs.toFixed(0)} ms`,
      // A connection whose packets go to one holder and then to the other: what two holders cost.
      'failures with two holders': `${String(split.client.failures)} of ${String(split.client.requests)}`,
    });
    stage.checkEqual(
      mended.client.failures,
      0,
      'no request failed while it was spoiled and mended',
    );
    stage.checkEqual(await stage.bootIds(), boots, 'no machine is rebuilt');
    await stage.checkNothingPending();
  },
};

async function byHand(stage: Stage): Promise<void> {
  const { holder, others } = await holderAndOthers(stage);
  const [stopped, raised] = others;
  await (await stage.host(stopped)).systemd.stop('keepalived.service');
  stage.did(`stopped keepalived on ${stopped}`);
  await rewrite(stage, holder, (text) =>
    text.replace(/^ {4}advert_int .*$/m, '    advert_int 0.3'),
  );
  stage.did(`changed the interval in the file of ${holder}, which holds the virtual IP`);
  await rewrite(stage, raised, (text) => withRaised(text, holder));
  stage.did(`raised ${raised}, as a run that was killed in its handover leaves it`);
  await stage.until(
    `${raised} has the virtual IP`,
    async () => (await untilHolders(stage.aside(), 1))[0] === raised || 'it has not',
    30,
  );
  const refresh = await stage.runToTheEnd('refresh');
  for (const sentence of [
    `${stopped}: keepalived is inactive`,
    `${holder}: ${keepalivedPath} was changed by hand`,
    `${raised}: keepalived is raised to take over from ${holder}`,
  ]) {
    stage.check(refresh.output.includes(sentence), `refresh says "${sentence}"`, refresh.output);
  }
  await stage.runToTheEnd('up');
  stage.checkEqual(await untilHolders(stage, 1), [raised], 'the address stays where it is');
  await stage.checkNothingPending();
}

/** Two managers that do not hear each other, while the third hears both. */
async function splitBrain(stage: Stage): Promise<void> {
  const { holder, others } = await holderAndOthers(stage);
  const { addresses } = stage.cluster;
  const second = others[0];
  const rules = [
    [holder, addresses[second] ?? ''],
    [second, addresses[holder] ?? ''],
  ] as const;
  const change = async (flag: '-I' | '-D'): Promise<void> => {
    for (const [on, from] of rules) {
      const rule = ['iptables', flag, 'INPUT', '-p', '112', '-s', from, '-j', 'DROP'];
      const { code, stderr } = await (await stage.host(on)).run(rule, { timeoutSeconds: 10 });
      if (code !== 0) throw new Error(`iptables on ${on}: ${stderr}`);
    }
  };
  await change('-I');
  stage.did(`dropped VRRP between ${holder} and ${second}`);
  await untilHolders(stage, 2);
  const sentence = 'VRRP (IP protocol 112) does not get through between them';
  const refresh = await stage.runToTheEnd('refresh');
  stage.check(refresh.output.includes(sentence), `refresh says "${sentence}"`, refresh.output);
  const up = await stage.run('up');
  stage.check(up.exitCode !== 0, 'up does not go on with two holders', up.output);
  stage.check(up.output.includes(sentence), 'and names the same cause', up.output);
  await change('-D');
  stage.did(`let VRRP between ${holder} and ${second} pass again`);
  await untilHolders(stage, 1);
  await stage.runToTheEnd('up');
  await untilHolders(stage, 1);
}

/** Changes keepalived.conf as somebody does it by hand, and lets keepalived read it. */
async function rewrite(
  stage: Stage,
  name: string,
  change: (text: string) => string,
): Promise<void> {
  const { files, systemd } = await stage.host(name);
  const text = (await files.read(keepalivedPath)) ?? '';
  await files.write(keepalivedPath, change(text), { mode: 0o600 });
  await systemd.reload('keepalived.service');
}
