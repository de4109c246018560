import { goldenOs, nextOs, shapes } from '../clusterShape';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';
import { watchService } from './watchService';

/** All that tells whether anything of the cluster was touched. */
async function sight(stage: Stage): Promise<unknown> {
  const nodes = await stage.nodes();
  const { docker } = await stage.host(stage.cluster.managers[0] ?? '');
  const tasks = (await docker.tasks()).filter(({ state }) => state === 'running');
  const services = await docker.services();
  const machines = await Promise.all(
    stage.nodeNames.map(async (name) => {
      const host = await stage.host(name);
      const { bootId } = await host.facts();
      const show = await host.run([
        'systemctl',
        'show',
        '--property=ActiveEnterTimestampMonotonic,MainPID',
        'docker.service',
        'keepalived.service',
      ]);
      const addresses = (await host.network.addresses()).map(({ address }) => address);
      return [name, bootId, show.stdout.trim(), addresses.includes(stage.cluster.vip)];
    }),
  );
  return {
    machines,
    nodes: nodes
      .map(({ id, hostname, role, availability }) => [hostname, id, role, availability])
      .sort(),
    tasks: tasks.map(({ id }) => id).sort(),
    services: services.map(({ id }) => id),
  };
}

/** A cluster that was just switched on still starts tasks, and elects who holds the virtual IP. */
async function untilSettled(stage: Stage): Promise<void> {
  await stage.untilServed();
  await stage.until(
    'the service runs on every node',
    async () => {
      const { docker } = await stage.host(stage.cluster.managers[0] ?? '');
      const running = (await docker.tasks()).filter(({ state }) => state === 'running');
      return (
        running.length === stage.nodeNames.length || `${String(running.length)} of its tasks run`
      );
    },
    60,
  );
}

async function loseState(stage: Stage): Promise<void> {
  await stage.pulumi.runOrFail(
    'stack',
    ...['rm', 'scenario', '--force', '--yes', '--preserve-config'],
  );
  await stage.pulumi.runOrFail('stack', 'init', 'scenario');
  stage.did('removed the state of the stack: its cluster runs, and no state knows of it');
}

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
