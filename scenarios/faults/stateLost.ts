import { goldenOs, nextOs, shapes } from '../clusterShape';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';
import { loseState, sight, untilSettled } from './untouched';
import { watchService } from './watchService';

async function checkRefused(stage: Stage, command: string, words: string): Promise<void> {
  const { exitCode, output } = await stage.run(command);
  stage.check(
    exitCode !== 0 && output.includes(words),
    `${command} refuses and says "${words}"`,
    output,
  );
}

export const stateLost: Scenario = {
  name: 'state-lost',
  number: 18,
  title: 'the state is lost, and the cluster runs',
  holds:
    'without `adopt` preview and up refuse and name the swarm; with it up takes everything over, touches nothing, and the cluster rolls as before',
  shape: shapes.threeManagers,
  run: async (stage) => {
    const clusterId = await stage.clusterId();
    await untilSettled(stage);
    const before = await sight(stage);
    await loseState(stage);
    const way = `pulumi config set adopt ${clusterId}`;
    await checkRefused(stage, 'preview', way);
    await checkRefused(stage, 'up', way);
    stage.checkEqual(await sight(stage), before, 'the refusals have touched nothing');

    await stage.setConfig('adopt', clusterId);
    stage.changeOs(nextOs, 'm2');
    await checkRefused(stage, 'preview', 'm2: it would be replaced');
    stage.changeOs(goldenOs, 'm2');
    const preview = await stage.run('preview');
    stage.mustEndWell('preview', preview);
    for (const { hostname, id } of await stage.nodes()) {
      const role = stage.cluster.managers.includes(hostname) ? 'manager' : 'worker';
      const sentence = `adopt ${role} ${hostname} (node ${id}) as it is`;
      stage.check(preview.output.includes(sentence), `preview says "${sentence}"`, preview.output);
    }
    const { asked, failures } = await watchService(stage, async () => {
      await stage.runToTheEnd('up');
    });
    stage.checkEqual(
      await sight(stage),
      before,
      'nothing was touched: equal boot IDs, starts and processes of engines and keepalived, node IDs, tasks, holder of the virtual IP',
    );
    stage.checkEqual(failures, [], `each of ${String(asked)} requests meanwhile was answered`);

    await stage.run('config', 'rm', 'adopt');
    await stage.runToTheEnd('up');
    await stage.checkNothingPending();
    stage.changeOs(nextOs, 'm2');
    await stage.runToTheEnd('up');
    await stage.untilAsDeclared();
    stage.checkEqual(await stage.clusterId(), clusterId, 'it is the same swarm');
    await stage.untilServed();
  },
};
