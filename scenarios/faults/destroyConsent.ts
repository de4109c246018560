import { shapes } from '../clusterShape';
import { runPinnedService } from '../pinnedService';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';

export const destroyConsent: Scenario = {
  name: 'destroy-consent',
  number: 13,
  title: 'destroy without consent, then with it, while a service can run on one node only',
  holds:
    'without consent it is refused before the first drain, and names the two commands; with it nothing waits for replacements that cannot come, and nothing is left',
  shape: shapes.threeManagers,
  run: async (stage) => {
    await runPinnedService(stage, 'node.hostname==w1', 2);
    const before = await lookAt(stage);

    const mark = stage.mark();
    const refused = await stage.run('destroy');
    stage.check(refused.exitCode !== 0, 'destroy is refused', refused.output);
    stage.check(
      /`pulumi config set allowDestroy true && pulumi up`, then `pulumi destroy`/.test(
        refused.output,
      ),
      'the refusal names the two commands',
      refused.output,
    );
    stage.checkEqual(stage.stepsSince(mark), [], 'no step was begun');
    stage.checkEqual(await lookAt(stage), before, 'machines and nodes are as before');
    await stage.untilServed();
    await stage.checkNothingPending();

    await stage.setConfig('allowDestroy', 'true');
    const consent = await stage.runToTheEnd('up');
    stage.checkEqual(
      consent.changes.map(({ op, type }) => `${op} ${type}`),
      ['update Swarm'],
      'the consent changes the swarm’s own labels and nothing else',
    );
    const from = stage.mark();
    const destroyed = await stage.runToTheEnd('destroy');
    const drains = stage.pulumi
      .journal()
      .slice(from)
      .filter(({ event, sentence }) => event === 'end' && sentence.startsWith('drain '));
    const longest = Math.max(...drains.map(({ seconds }) => seconds ?? 0));
    stage.check(
      drains.length > 0 && longest < 60,
      `no drain waited for a replacement: the longest of ${drains.length} took ${longest.toFixed(1)} s`,
    );
    stage.saw(`pulumi destroy took ${destroyed.seconds} s`);
    stage.checkEqual(await stage.effects.lab.records(stage.cluster.lab), [], 'no machine is left');
    const { stdout } = await stage.pulumi.runOrFail(
      'stack',
      'export',
      '--stack',
      stage.pulumi.stack,
    );
    const { deployment } = JSON.parse(stdout) as {
      deployment: { resources?: readonly { readonly type: string }[] };
    };
    stage.checkEqual(
      (deployment.resources ?? []).map(({ type }) => type),
      [],
      'the state is empty',
    );
  },
};

async function lookAt(stage: Stage): Promise<unknown> {
  const nodes = (await stage.nodes()).map(({ id, hostname, availability, state, role }) => ({
    id,
    hostname,
    availability,
    state,
    role,
  }));
  return { boots: await stage.bootIds(), nodes };
}
