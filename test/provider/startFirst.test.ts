import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { moveLabel } from '../../core/moves';
import { planRollout } from '../../provider/functions/planRollout';
import type { PropertyMap } from '../../provider/server/resource';
import { assertAsDeclared, copyOf, founded, watchSafety } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import type { WorldState } from '../support/fakeWorld/fakeWorld';
import { isLive } from '../support/fakeWorld/machines';
import { Killed, ProviderProcess, emptyTranscript, sentences } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

const replicas = 4;

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  const { services, ...engine } = await webService();
  const web = services.map((each) => (each['name'] === 'web' ? { ...each, replicas } : each));
  origin = { world, stack: await founded(world, cluster(3, 2, { ...engine, services: web })) };
});

/** Tasks of the service `web` that serve at a moment. */
function serving(state: WorldState): number {
  const [swarm] = Object.values(state.swarms);
  const service = swarm?.services.find(({ spec }) => spec.name === 'web');
  return (
    swarm?.tasks.filter(
      (task) =>
        task.serviceId === service?.id && task.state === 'running' && isLive(state, task.nodeId),
    ).length ?? 0
  );
}

/** A copy whose node `name` is declared with another OS and goes start-first. */
function begin(
  name: string,
  watch: (state: WorldState) => void = () => undefined,
): ReturnType<typeof copyOf> & {
  readonly faults: ReadonlySet<string>;
  readonly least: () => number;
} {
  const safety = watchSafety();
  let least = replicas;
  const copy = copyOf(origin.world, origin.stack, (state) => {
    safety.watch(state);
    watch(state);
    least = Math.min(least, serving(state));
  });
  copy.stack.declared = {
    ...changed(copy.stack.declared, { os: 'debian:13' }, name),
    swarm: { roll: { startFirst: true } },
  };
  return { ...copy, faults: safety.faults, least: () => least };
}

function web(world: FakeWorld): ReturnType<FakeWorld['swarm']>['services'][number] {
  const found = world.swarm().services.find(({ spec }) => spec.name === 'web');
  assert.ok(found !== undefined);
  return found;
}

/** Nothing of a move is left in the service. */
function assertTakenBack(world: FakeWorld): void {
  const { spec, updateConfig } = web(world);
  assert.equal(spec.labels[moveLabel], undefined);
  assert.deepEqual(spec.constraints, []);
  assert.equal(updateConfig, undefined);
}

/** A node that runs tasks of the web service, and that is no manager. */
function worker(world: FakeWorld): string {
  const { nodes, tasks } = world.swarm();
  const found = nodes.find(
    ({ id, role }) =>
      role === 'worker' &&
      tasks.some(({ nodeId, serviceId }) => nodeId === id && serviceId === web(world).id),
  );
  assert.ok(found !== undefined, 'no worker runs a task of the service');
  return found.hostname;
}

test('no replica is lost while a node is replaced: its tasks are elsewhere before the drain', async () => {
  const name = worker(origin.world);
  const { world, stack, faults, least } = begin(name);
  const kept = world.swarm().tasks.filter(({ serviceId }) => serviceId === web(world).id);
  const gone = world.swarm().nodes.find(({ hostname }) => hostname === name)?.id;
  const transcript = emptyTranscript();
  await stack.up(new ProviderProcess(world, { transcript }), [name]);
  assertAsDeclared(world, stack);
  assert.deepEqual([...faults], []);
  assert.equal(least(), replicas);
  assertTakenBack(world);
  const told = sentences(transcript);
  const moving = told.indexOf(`move the tasks of ${name} start-first`);
  assert.ok(moving >= 0 && moving === told.indexOf(`drain ${name}`) - 1);
  for (const { id, nodeId } of kept.filter((task) => task.nodeId !== gone)) {
    const task = world.swarm().tasks.find((each) => each.id === id);
    assert.equal(task?.state, 'running', `a task on ${nodeId} was restarted`);
  }
});

test('a new task that does not come up stops the roll: the old one runs on, and nothing is left of the move', async () => {
  const name = worker(origin.world);
  const { world, stack, least } = begin(name);
  const { image } = web(world).spec;
  world.edit((state) => {
    state.failingImages[image] = 'task: non-zero exit (1)';
  });
  await assert.rejects(
    stack.up(new ProviderProcess(world), [name]),
    /MoveFailed|could not be moved: .*non-zero exit \(1\).*the old ones run on/,
  );
  assert.equal(least(), replicas);
  assertTakenBack(world);
  assert.equal(
    world.swarm().nodes.find(({ hostname }) => hostname === name)?.availability,
    'active',
  );
  world.edit((state) => {
    state.failingImages = {};
  });
  await stack.up(new ProviderProcess(world), [name]);
  assertAsDeclared(world, stack);
  assert.equal(least(), replicas);
});

/** Kills the process that replaces a node as soon as so many changes were made to services. */
async function killed(name: string, changes: number): Promise<ReturnType<typeof begin>> {
  const dying: { process?: ProviderProcess } = {};
  const run = begin(name, ({ calls }) => {
    const made = calls.filter(({ operation }) => operation === 'docker.placeService').length;
    if (made >= changes) dying.process?.kill();
  });
  dying.process = new ProviderProcess(run.world);
  await assert.rejects(run.stack.up(dying.process, [name]), Killed);
  return run;
}

test('killed after each change of a service: the next run takes back what is left, and loses no replica', async () => {
  const name = worker(origin.world);
  for (const changes of [1, 2, 3]) {
    const { world, stack, faults, least } = await killed(name, changes);
    await stack.up(new ProviderProcess(world), [name]);
    assertAsDeclared(world, stack, { mayHaveDeadLease: true });
    assert.deepEqual([...faults], []);
    assert.equal(least(), replicas, `a kill after change ${String(changes)}`);
    assertTakenBack(world);
  }
});

for (const role of ['worker', 'manager'] as const) {
  test(`killed at every step of a ${role}'s replacement: no replica is lost, and the next run ends it`, async () => {
    const name = role === 'worker' ? worker(origin.world) : 'm1';
    const whole = begin(name);
    const transcript = emptyTranscript();
    await whole.stack.up(new ProviderProcess(whole.world, { transcript }), [name]);
    const wanted = sentences(transcript);
    assert.ok(wanted.includes(`move the tasks of ${name} start-first`));
    for (const [step, sentence] of wanted.entries()) {
      const { world, stack, faults, least } = begin(name);
      const fault = { kind: 'kill', at: 'end', step } as const;
      await assert.rejects(stack.up(new ProviderProcess(world, { fault }), [name]), Killed);
      await stack.up(new ProviderProcess(world));
      const what = `killed at the end of "${sentence}"`;
      assertAsDeclared(world, stack, { mayHaveDeadLease: true });
      assert.deepEqual([...faults], [], what);
      assert.equal(least(), replicas, what);
      assertTakenBack(world);
    }
  });
}

test('a run that is given up after a kill: the node becomes active only without the constraint', async () => {
  const name = worker(origin.world);
  const { world, stack, least } = await killed(name, 1);
  assert.notEqual(web(world).spec.labels[moveLabel], undefined);
  stack.declared = origin.stack.declared;
  const process = new ProviderProcess(world);
  await stack.refreshBefore(process);
  await stack.up(process, [name]);
  assertAsDeclared(world, stack, { mayHaveDeadLease: true });
  assertTakenBack(world);
  assert.equal(least(), replicas);
});

test('an update of the service by somebody else meanwhile stays', async () => {
  const name = worker(origin.world);
  const { world, stack } = await killed(name, 1);
  world.edit((state) => {
    for (const swarm of Object.values(state.swarms)) {
      for (const service of swarm.services.filter(({ spec }) => spec.name === 'web')) {
        service.spec = { ...service.spec, labels: { ...service.spec.labels, team: 'a' } };
        service.updateConfig = { ...service.updateConfig, Parallelism: 2 };
        service.version += 1000;
      }
    }
  });
  await stack.up(new ProviderProcess(world), [name]);
  const { spec, updateConfig } = web(world);
  assert.equal(spec.labels['team'], 'a');
  assert.equal(spec.labels[moveLabel], undefined);
  assert.deepEqual(spec.constraints, []);
  assert.equal(updateConfig?.['Parallelism'], 2);
});

test('preview names the services that are moved, and those that are not, with the reason', async () => {
  const node = (name: string, address: string): PropertyMap => ({
    ...{ name, address, connection: { lab: 'test', machine: name } },
    os: name === 'w1' ? 'debian:13' : 'debian:12',
  });
  const args = {
    ...{ maxUnavailable: 1, startFirst: true },
    managers: [1, 2, 3].map((n) => node(`m${String(n)}`, `10.88.0.1${String(n)}`)),
    workers: [1, 2].map((n) => node(`w${String(n)}`, `10.88.0.2${String(n)}`)),
  };
  const urn = 'urn:pulumi:test::project::swarm:index:Swarm::cluster';
  const { world } = copyOf(origin.world, origin.stack);
  const answer = await new ProviderProcess(world).call('call', urn, (_resource, operation) =>
    planRollout.call(args, operation),
  );
  assert.ok('result' in answer, JSON.stringify(answer));
  assert.equal(
    (answer.result['turns'] as readonly string[])[0],
    'before w1 is drained, the tasks of web are moved to other nodes, start-first; by the plain drain, stop first: everywhere (it has a task on every node)',
  );
});
