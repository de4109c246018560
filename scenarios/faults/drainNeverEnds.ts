import { stubbornCommand, webReference } from '../../demo/webImage';
import { goldenOs, nextOs, shapes } from '../clusterShape';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';

const drainSeconds = 20;

/** PID 1 of its container has no handler for the stop signal, and the kill after it is an hour away. */
const stubborn = {
  name: 'stubborn',
  image: webReference,
  command: stubbornCommand,
  constraints: ['node.hostname==m1'],
  stopGraceSeconds: 3600,
};

export const drainNeverEnds: Scenario = {
  name: 'drain-never-ends',
  number: 17,
  title: 'a drain that never ends: a task ignores its stop, and its stop grace is an hour',
  holds:
    'at its timeout availability is put back, the node is as before and the error names the task; when the cause is gone up goes through',
  shape: shapes.threeManagers,
  run: async (stage) => {
    const idBefore = await stage.clusterId();
    const services = stage.declared('services') as readonly unknown[];
    stage.declare('services', [...services, stubborn], 'declared a service that ignores its stop');
    stage.declare('timeouts', { drain: drainSeconds }, `set timeouts.drain to ${drainSeconds} s`);
    await stage.runToTheEnd('up');
    const boots = await stage.bootIds();
    const idsBefore = await nodeIds(stage);

    stage.changeOs(nextOs, 'm1');
    const up = await stage.run('up');
    stage.check(up.exitCode !== 0, 'up fails', up.output);
    const error = /^.*the drain did not come true.*$/m.exec(up.output)?.[0] ?? '';
    stage.check(
      /stubborn \(running\)/.test(error) && /m1 is active again/.test(error),
      `the error names the task, and says what became of m1: ${error.trim()}`,
      up.output,
    );
    stage.checkEqual(await stage.bootIds(), boots, 'no machine is rebuilt');
    stage.checkEqual(await nodeIds(stage), idsBefore, 'every node is the one that it was');
    await stage.untilAsDeclared(goldenOs);
    await stage.untilServed();

    const again = await stage.run('up');
    stage.check(again.exitCode !== 0, 'while the cause is there up fails again', again.output);
    await stage.untilAsDeclared(goldenOs);

    await endStubborn(stage);
    stage.declare('services', services, 'took the service out of the declaration');
    await stage.runToTheEnd('up');
    await stage.untilAsDeclared();
    stage.checkEqual(await stage.clusterId(), idBefore, 'it is the same swarm');
    await stage.untilServed();
    await stage.checkNothingPending();
  },
};

/** As somebody does it by hand, whom the error told which task it is. */
async function endStubborn(stage: Stage): Promise<void> {
  const { docker } = await stage.host('m2');
  const service = (await docker.services()).find(({ name }) => name === stubborn.name);
  if (service !== undefined) await docker.removeService(service.id);
  const host = await stage.host('m1');
  const label = `label=com.docker.swarm.service.name=${stubborn.name}`;
  const listed = await host.run(['docker', 'ps', '--quiet', '--filter', label]);
  const containers = listed.stdout.split('\n').filter((id) => id !== '');
  if (containers.length > 0) await host.run(['docker', 'kill', ...containers]);
  stage.did(`removed the service and killed its ${String(containers.length)} containers by hand`);
}

async function nodeIds(stage: Stage): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries((await stage.nodes()).map(({ hostname, id }) => [hostname, id]));
}
