import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { rebalancingLabel } from '../../core/held';
import { moveLabel } from '../../core/moves';
import { assertAsDeclared, copyOf, founded, watchSafety } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import type { Declared } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import type { WorldState } from '../support/fakeWorld/fakeWorld';
import { isLive } from '../support/fakeWorld/machines';
import { Killed, ProviderProcess, emptyTranscript, sentences } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

const replicas = 8;

/** Rolled, with the last node empty: what a run without `rebalance` leaves. */
let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  const { services, ...engine } = await webService();
  const web = services.map((each) => (each['name'] === 'web' ? { ...each, replicas } : each));
  const stack = await founded(world, cluster(3, 1, { ...engine, services: web }));
  stack.declared = changed(stack.declared, { os: 'debian:13' }, 'w1');
  await stack.up(new ProviderProcess(world), ['w1']);
  origin = { world, stack };
  assert.equal(spread(world)['w1'], 0);
});

function web(world: FakeWorld): ReturnType<FakeWorld['swarm']>['services'][number] {
  const found = world.swarm().services.find(({ spec }) => spec.name === 'web');
  assert.ok(found !== undefined);
  return found;
}

/** Tasks of the service `web` that are to run, by the node's name. */
function spread(world: FakeWorld): Readonly<Record<string, number>> {
  const { nodes, tasks } = world.swarm();
  const own = tasks.filter(
    ({ serviceId, desiredState }) => serviceId === web(world).id && desiredState === 'running',
  );
  return Object.fromEntries(
    nodes.map(({ id, hostname }) => [hostname, own.filter(({ nodeId }) => nodeId === id).length]),
  );
}

function runningIds(world: FakeWorld): readonly string[] {
  return world
    .swarm()
    .tasks.filter(
      ({ serviceId, state, desiredState }) =>
        serviceId === web(world).id && state === 'running' && desiredState === 'running',
    )
    .map(({ id }) => id);
}

function serving(state: WorldState): number {
  const [swarm] = Object.values(state.swarms);
  const id = swarm?.services.find(({ spec }) => spec.name === 'web')?.id;
  const tasks = swarm?.tasks.filter(
    (task) => task.serviceId === id && task.state === 'running' && isLive(state, task.nodeId),
  );
  return tasks?.length ?? 0;
}

/** A copy that declares `rebalance`, watched. */
function begin(
  more: Partial<Declared> = { rebalance: true },
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
  copy.stack.declared = { ...copy.stack.declared, ...more };
  return { ...copy, faults: safety.faults, least: () => least };
}

/** Nothing of a rebalance is left in the service or on a node. */
function assertAsBefore(world: FakeWorld): void {
  const { spec, updateConfig } = web(world);
  assert.equal(spec.labels[moveLabel], undefined);
  assert.deepEqual(spec.constraints, []);
  assert.equal(updateConfig, undefined);
  for (const { hostname, availability, labels } of world.swarm().nodes) {
    assert.equal(availability, 'active', hostname);
    assert.equal(labels[rebalancingLabel], undefined, hostname);
  }
}

const even = { m1: 2, m2: 2, m3: 2, w1: 2 };

test('the node rebuilt last is not left empty: task by task, and the others keep theirs', async () => {
  const { world, stack, faults, least } = begin();
  const before = runningIds(world);
  const transcript = emptyTranscript();
  await stack.up(new ProviderProcess(world, { transcript }));
  assertAsDeclared(world, stack);
  assert.deepEqual(spread(world), even);
  assert.equal(least(), replicas);
  assert.deepEqual([...faults], []);
  assertAsBefore(world);
  assert.equal(runningIds(world).filter((id) => before.includes(id)).length, replicas - 2);
  const moves = sentences(transcript).filter((each) => each.startsWith('move a task of web off'));
  assert.equal(moves.length, 2);
  assert.ok(
    transcript.logs.some(({ message }) =>
      /everywhere is not spread anew: .*every node/.test(message),
    ),
  );
  const calls = world.calls().length;
  await stack.up(new ProviderProcess(world));
  assert.equal(world.calls().length, calls, 'a second run changes nothing');
});

test('a roll with it ends with tasks on the node rebuilt last', async () => {
  const { world, stack, least } = begin();
  await stack.up(new ProviderProcess(world));
  stack.declared = {
    ...changed(stack.declared, { os: 'debian:12' }, 'w1'),
    swarm: { roll: { startFirst: true } },
  };
  await stack.up(new ProviderProcess(world));
  assertAsDeclared(world, stack);
  assert.deepEqual(spread(world), even);
  assert.equal(least(), replicas);
});

test('services that are not named are left as they are', async () => {
  const { world, stack } = begin({ rebalance: ['another'] });
  const transcript = emptyTranscript();
  await stack.up(new ProviderProcess(world, { transcript }));
  assert.deepEqual(spread(world), spread(origin.world));
  assert.ok(
    transcript.logs.some(({ message }) => /another .*no service of this name/.test(message)),
  );
});

test('a new task that does not come up leaves the service as it was, and is no failure of the run', async () => {
  const { world, stack, least } = begin();
  const { image } = web(world).spec;
  world.edit((state) => {
    state.failingImages[image] = 'task: non-zero exit (1)';
  });
  const transcript = emptyTranscript();
  await stack.up(new ProviderProcess(world, { transcript }));
  assert.equal(least(), replicas);
  assert.deepEqual(spread(world), spread(origin.world));
  assertAsBefore(world);
  assert.ok(
    transcript.logs.some(({ message }) =>
      /web is left as it is: .*non-zero exit \(1\)/.test(message),
    ),
  );
});

/** Calls of a rebalance that change a service or a node. */
function changes({ calls }: WorldState): number {
  const operations = ['docker.placeService', 'docker.updateNode'];
  return calls.filter(({ operation }) => operations.includes(operation)).length;
}

/** Killed as soon as the rebalance has made so many changes; false: it made fewer. */
async function killed(after: number): Promise<ReturnType<typeof begin> | undefined> {
  const dying: { process?: ProviderProcess } = {};
  const done = changes(origin.world.edit((state) => state));
  const run = begin({ rebalance: true }, (state) => {
    if (changes(state) - done >= after) dying.process?.kill();
  });
  dying.process = new ProviderProcess(run.world);
  const failure = await run.stack.up(dying.process).then(
    () => undefined,
    (error: unknown) => error,
  );
  delete dying.process;
  if (failure === undefined) return undefined;
  if (!(failure instanceof Killed)) throw failure as Error;
  return run;
}

test('killed after each of its changes: the next run finishes it, and no replica is lost', async () => {
  let kills = 0;
  for (let after = 1; ; after += 1) {
    const run = await killed(after);
    if (run === undefined) break;
    kills += 1;
    const { world, stack, least, faults } = run;
    await stack.refreshBefore(new ProviderProcess(world));
    await stack.up(new ProviderProcess(world));
    assertAsDeclared(world, stack, { mayHaveDeadLease: true });
    assert.deepEqual(spread(world), even, `a kill after change ${String(after)}`);
    assert.equal(least(), replicas, `a kill after change ${String(after)}`);
    assert.deepEqual([...faults], []);
    assertAsBefore(world);
  }
  // Pause, constraint, twice back, active again: of each of two tasks.
  assert.equal(kills, 10);
});

test('a CLI that is lost: the move is ended, nothing is left of it, and the next run goes on', async () => {
  const whole = begin();
  const transcript = emptyTranscript();
  await whole.stack.up(new ProviderProcess(whole.world, { transcript }));
  const step = sentences(transcript).findIndex((each) => each.startsWith('move a task of web'));
  const { world, stack, least } = begin();
  const fault = { kind: 'lose', at: 'start', step } as const;
  await assert.rejects(stack.up(new ProviderProcess(world, { fault })));
  assertAsBefore(world);
  assert.equal(spread(world)['w1'], 1);
  await stack.up(new ProviderProcess(world));
  assert.deepEqual(spread(world), even);
  assert.equal(least(), replicas);
});

test('killed in the middle, and the next run takes a node out: what is left is undone first', async () => {
  for (const after of [1, 2]) {
    const run = await killed(after);
    assert.ok(run !== undefined);
    const { world, stack } = run;
    stack.declared = {
      ...changed({ ...origin.stack.declared }, { os: 'debian:12' }, 'w1'),
    };
    await stack.refreshBefore(new ProviderProcess(world));
    await stack.up(new ProviderProcess(world), ['w1']);
    assertAsDeclared(world, stack, { mayHaveDeadLease: true });
    assertAsBefore(world);
  }
});

test('killed in the middle of a later run: a Read shows the paused node, a node’s own Read does not', async () => {
  const first = begin();
  await first.stack.up(new ProviderProcess(first.world));
  const paused = first.world.swarm().nodes[0];
  assert.ok(paused !== undefined);
  first.world.edit((state) => {
    for (const swarm of Object.values(state.swarms)) {
      for (const node of swarm.nodes.filter(({ id }) => id === paused.id)) {
        node.availability = 'pause';
        node.labels = { ...node.labels, [rebalancingLabel]: 'active' };
      }
    }
  });
  await first.stack.refreshBefore(new ProviderProcess(first.world));
  assert.deepEqual(first.stack.get('Rebalance', 'cluster-rebalance').inputs['unfinished'], [
    paused.hostname,
  ]);
  assert.equal(first.stack.get('Node', paused.hostname).inputs['availability'], 'active');
  await first.stack.up(new ProviderProcess(first.world));
  assertAsBefore(first.world);
  assertAsDeclared(first.world, first.stack);
});

test('an update of the service by somebody else meanwhile stays', async () => {
  const run = await killed(2);
  assert.ok(run !== undefined);
  const { world, stack } = run;
  world.edit((state) => {
    for (const swarm of Object.values(state.swarms)) {
      for (const service of swarm.services.filter(({ spec }) => spec.name === 'web')) {
        service.spec = { ...service.spec, labels: { ...service.spec.labels, team: 'a' } };
        service.updateConfig = { ...service.updateConfig, Parallelism: 2 };
        service.version += 1000;
      }
    }
  });
  await stack.up(new ProviderProcess(world));
  const { spec, updateConfig } = web(world);
  assert.equal(spec.labels['team'], 'a');
  assert.equal(spec.labels[moveLabel], undefined);
  assert.deepEqual(spec.constraints, []);
  assert.equal(updateConfig?.['Parallelism'], 2);
});
