import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { assertAsDeclared, copyOf, founded, machine } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import type { NodeEntry } from '../support/fakeWorld/state';
import { emptyTranscript, ProviderProcess, warnings } from '../support/providerHarness';
import { InitErrors } from '../support/savedResource';
import type { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  origin = { world, stack: await founded(world, cluster(3, 1, await webService())) };
});

function editNode(world: FakeWorld, name: string, change: (node: NodeEntry) => void): void {
  world.edit(({ swarms }) => {
    const nodes = Object.values(swarms).flatMap((swarm) => swarm.nodes);
    const found = nodes.find(({ hostname }) => hostname === name);
    assert.ok(found !== undefined);
    change(found);
  });
}

for (const [kind, name] of [
  ['Engine', 'm1'],
  ['Node', 'm1'],
  ['Node', 'w1'],
  ['VipMember', 'm1'],
  ['Swarm', 'cluster'],
  ['Service', 'web'],
] as const) {
  test(`nobody answers: Read of ${kind} ${name} gives the last state and a warning`, async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    for (const { key } of world.machines()) world.setLink(key, 'managementCut');
    const old = stack.get(kind, name);
    const transcript = emptyTranscript();
    const began = world.edit(({ nowMs }) => nowMs);
    const seen = await stack.refresh(new ProviderProcess(world, { transcript }), kind, name);
    assert.deepEqual(seen, old);
    assert.equal(warnings(transcript).length, 1);
    assert.match(warnings(transcript)[0] ?? '', /was not looked at: .*no answer within/);
    assert.ok(world.edit(({ nowMs }) => nowMs) - began < 90_000, 'it does not wait for ever');
  });
}

test('without a quorum nothing is dropped', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  for (const name of ['m2', 'm3']) world.powerOff(`test/${name}`);
  const old = stack.get('Node', 'm2');
  assert.deepEqual(await stack.refresh(new ProviderProcess(world), 'Node', 'm2'), old);
});

test('an entry that the swarm does not list is dropped, and the node is joined again in its place', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const { bootId } = machine(world, 'w1');
  const { docker } = await world.effects().hosts.connect({ lab: 'test', machine: 'w1' });
  await docker.swarmLeave({ force: true });
  world.edit(({ swarms }) => {
    for (const swarm of Object.values(swarms)) {
      swarm.nodes = swarm.nodes.filter(({ hostname }) => hostname !== 'w1');
    }
  });
  assert.equal(await stack.refresh(new ProviderProcess(world), 'Node', 'w1'), undefined);
  await stack.up(new ProviderProcess(world));
  assertAsDeclared(world, stack);
  assert.equal(machine(world, 'w1').bootId, bootId);
});

test('a machine that the lab does not know is dropped, one that is off is not', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.powerOff('test/w1');
  const transcript = emptyTranscript();
  const process = new ProviderProcess(world, { transcript });
  assert.ok((await stack.refresh(process, 'LabMachine', 'w1')) !== undefined);
  assert.deepEqual(warnings(transcript), ['w1: the machine is off']);
  world.edit(({ machines }) => Reflect.deleteProperty(machines, 'test/w1'));
  assert.equal(await stack.refresh(process, 'LabMachine', 'w1'), undefined);
});

for (const [what, change, seen] of [
  ['drained', (node) => (node.availability = 'drain'), { availability: 'drain' }],
  [
    'relabelled',
    (node) => (node.labels = { ...node.labels, rack: 'b7' }),
    { labels: { rack: 'b7' } },
  ],
  ['promoted', (node) => (node.role = 'manager'), { role: 'manager' }],
] as const satisfies readonly (readonly [string, (node: NodeEntry) => unknown, object])[]) {
  test(`a node that was ${what} by hand: its Read shows it, and the next run puts it right`, async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    editNode(world, 'w1', change);
    world.advance(10_000);
    const found = await stack.refresh(new ProviderProcess(world), 'Node', 'w1');
    for (const [property, value] of Object.entries(seen)) {
      assert.deepEqual(found?.inputs[property], value);
    }
    await stack.up(new ProviderProcess(world));
    assertAsDeclared(world, stack);
    const entry = world.swarm().nodes.find(({ hostname }) => hostname === 'w1');
    assert.equal(entry?.labels['rack'], undefined);
    assert.equal(entry?.id, found?.outputs['nodeId'], 'in place');
  });
}

test('a manager that was demoted by hand shows as a worker, and is promoted again', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  editNode(world, 'm3', (node) => (node.role = 'worker'));
  world.advance(10_000);
  const found = await stack.refresh(new ProviderProcess(world), 'Node', 'm3');
  assert.equal(found?.inputs['role'], 'worker');
  await stack.up(new ProviderProcess(world));
  assertAsDeclared(world, stack);
});

test('consent and names that were changed in the swarm show, and are written again', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const written = world.swarm().labels;
  world.edit(({ swarms }) => {
    for (const swarm of Object.values(swarms)) swarm.labels = {};
  });
  const seen = await stack.refresh(new ProviderProcess(world), 'Swarm', 'cluster');
  assert.deepEqual(seen?.inputs['declared'], { managers: [], workers: [] });
  await stack.up(new ProviderProcess(world));
  const { 'com.pulumi.swarm.founder': _founder, ...rewritten } = written;
  assert.deepEqual(world.swarm().labels, rewritten);
});

test('a service that was scaled by hand shows it, and is scaled back', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.edit(({ swarms }) => {
    for (const { spec } of Object.values(swarms).flatMap(({ services }) => services)) {
      if (spec.name === 'web') Object.assign(spec, { mode: { replicas: 4 } });
    }
  });
  const seen = await stack.refresh(new ProviderProcess(world), 'Service', 'web');
  assert.equal(seen?.inputs['replicas'], 4);
  await stack.up(new ProviderProcess(world));
  const running = world.swarm().tasks.filter(({ desiredState }) => desiredState === 'running');
  assert.equal(running.length, 4 + 2);
});

test('built but not ready: saved, raised by every Read until an Update has finished it', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const { declared } = stack;
  const node = { timeouts: { services: 20 } };
  // Its image is in no archive and on no node any more.
  stack.declared = changed(declared, { os: 'debian:13', node, engine: {} }, 'w1');
  for (const { key } of world.machines()) {
    world.editMachine(key, ({ engine }) => (engine.images = []));
  }
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'w1'), (error: unknown) => {
    assert.ok(error instanceof InitErrors);
    assert.match(error.message, /w1: image \S+ of service.* cannot be had.* stays drained/s);
    return true;
  });
  assert.equal(stack.get('Node', 'w1').outputs['isReady'], false);
  const built = machine(world, 'w1').bootId;

  for (const link of ['up', 'managementCut', 'up'] as const) {
    for (const name of ['m1', 'm2', 'm3']) world.setLink(`test/${name}`, link);
    const seen = await stack.refresh(new ProviderProcess(world), 'Node', 'w1');
    assert.match(seen?.initErrors.join() ?? '', /^w1 .*finishes what the last run waited for$/);
  }
  stack.declared = changed(declared, { os: 'debian:13' }, 'w1');
  await stack.up(new ProviderProcess(world));
  assertAsDeclared(world, stack);
  assert.equal(stack.get('Node', 'w1').outputs['isReady'], true);
  assert.equal(machine(world, 'w1').bootId, built, 'nothing was built again');
  const seen = await stack.refresh(new ProviderProcess(world), 'Node', 'w1');
  assert.deepEqual(seen?.initErrors, []);
});
