import { readdirSync } from 'node:fs';
import { nextOs, shapes } from '../clusterShape';
import { killAt } from '../kills/killAt';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';
import { watchService } from './watchService';

const directory = 'archive';

export const oneManagerOutage: Scenario = {
  name: 'one-manager-outage',
  number: 13,
  title:
    'the OS of the only manager is changed with allowOutage, kill -9 while the swarm is in its archive only; then its machine is rebuilt once more, with autolock',
  holds:
    'the same swarm and the same node come back; the worker never leaves, its task runs on and answers; nothing is founded meanwhile',
  shape: shapes.oneManager,
  run: async (stage) => {
    const before = await lookAt(stage);
    await createConfig(stage, 'kept');
    stage.declare('backup', { directory }, `declared backup in ${directory}`);
    stage.declare('allowOutage', true, 'declared allowOutage');
    stage.changeOs(nextOs, 'm1');
    const preview = await stage.runToTheEnd('preview');
    stage.check(
      /0 of 1 managers while m1 is rebuilt; the control plane is out/.test(preview.output),
      'preview says that the control plane is out meanwhile',
      preview.output,
    );
    await watched(stage, 'through the kill', () => throughKill(stage));
    await checkSame(stage, before);

    await stage.setConfig('autolock', 'true');
    await stage.runToTheEnd('up');
    const urn = machineOf(
      await stage.pulumi.run('stack', '--show-urns', '--stack', stage.pulumi.stack),
    );
    await watched(stage, 'while it was rebuilt once more, with autolock', async () => {
      await stage.runToTheEnd('up', '--replace', urn);
    });
    await checkSame(stage, before);
    const { isAutolocked } = await (await stage.host('m1')).docker.swarm();
    stage.check(isAutolocked, 'autolock is on as before');
    stage.checkEqual(files(stage, '.tar').length, 2, 'both archives are kept');
  },
};

interface Seen {
  readonly clusterId: string;
  readonly nodes: readonly string[];
  readonly task: string;
  readonly boot: string | undefined;
}

async function lookAt(stage: Stage): Promise<Seen> {
  const nodes = await stage.nodes();
  const worker = await stage.node('w1');
  let task = '';
  await stage.until(
    'the service has its task on w1',
    async () => {
      const tasks = await (await stage.host('m1')).docker.tasks();
      const running = tasks.find(
        ({ nodeId, state }) => nodeId === worker.id && state === 'running',
      );
      task = running?.id ?? '';
      return running !== undefined || 'none of its tasks runs';
    },
    60,
  );
  return {
    clusterId: await stage.clusterId('m1'),
    nodes: nodes.map(({ hostname, id }) => `${hostname} ${id}`).sort(),
    task,
    boot: (await stage.bootIds(['w1']))['w1'],
  };
}

async function createConfig(stage: Stage, name: string): Promise<void> {
  const { docker } = await stage.host('m1');
  await docker.createConfig(name, name, {});
  stage.did(`created the config ${name}`);
}

/** The provider dies when the old machine is gone and the new one is being built: the archive is all there is. */
async function throughKill(stage: Stage): Promise<void> {
  const point = {
    step: 'powerOn',
    operation: 'create',
    resource: 'LabMachine',
    time: 1,
  } as const;
  stage.checkEqual(
    await killAt(stage, 'provider', 'm1', point),
    'hit',
    'the kill hit the rebuild of the machine',
  );
  stage.checkEqual(files(stage, '-restore.json').length, 1, 'the archive waits to be restored');
  const preview = await stage.runToTheEnd('preview');
  stage.check(
    /restore manager m1 from \S+\.tar/.test(preview.output),
    'preview says what m1 is restored from',
    preview.output,
  );
  stage.check(
    !/found the swarm/.test(preview.output),
    'preview founds no other swarm',
    preview.output,
  );
  const destroy = await stage.run('destroy');
  stage.check(
    destroy.exitCode !== 0 && /DestroyNotAllowed|does not allow/.test(destroy.output),
    'a destroy without consent is refused meanwhile',
    destroy.output,
  );
  await stage.runToTheEnd('up');
}

/** The service on the worker, which nobody takes away. */
async function watched(stage: Stage, when: string, work: () => Promise<void>): Promise<void> {
  const { asked, failures } = await watchService(stage, work, stage.cluster.addresses['w1']);
  stage.checkEqual(
    failures,
    [],
    `the service on w1 answered each of ${String(asked)} requests ${when}`,
  );
}

async function checkSame(stage: Stage, before: Seen): Promise<void> {
  await stage.untilAsDeclared();
  const now = await lookAt(stage);
  stage.checkEqual(now.clusterId, before.clusterId, 'it is the same swarm');
  stage.checkEqual(now.nodes, before.nodes, 'both nodes have the IDs that they had');
  stage.checkEqual(now.task, before.task, 'the task on w1 is the one that it was');
  stage.checkEqual(now.boot, before.boot, 'w1 was not rebuilt');
  const configs = (await (await stage.host('m1')).docker.configs()).map(({ name }) => name);
  stage.check(configs.includes('kept'), 'what the swarm held is there');
  stage.checkEqual(files(stage, '-restore.json'), [], 'nothing waits to be restored any more');
  await stage.untilServed();
  await stage.checkNothingPending();
}

function files(stage: Stage, end: string): readonly string[] {
  return readdirSync(stage.pulumi.path(directory)).filter((name) => name.endsWith(end));
}

function machineOf({ output }: { readonly output: string }): string {
  return /urn:\S+swarm:index:LabMachine::m1/.exec(output)?.[0] ?? '';
}
