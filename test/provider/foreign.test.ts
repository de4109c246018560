import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { changesSince, copyOf, founded } from '../support/clusterState';
import { cluster } from '../support/declaredCluster';
import type { Link } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { ProviderProcess } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';

/** Three managers; the worker w1 is declared, and its machine is there with an engine. */
let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  const stack = await founded(world, cluster(3, 0));
  stack.declared = cluster(3, 1);
  const links: readonly Link[] = ['HostIdentity', 'LabMachine', 'Engine'];
  await stack.applyLinks(new ProviderProcess(world), 'w1', links);
  origin = { world, stack };
});

async function dockerOf(world: FakeWorld, name: string) {
  return (await world.effects().hosts.connect({ lab: 'test', machine: name })).docker;
}

async function foreignSwarm(world: FakeWorld): Promise<void> {
  await (
    await dockerOf(world, 'w1')
  ).swarmInit({
    ...{ advertiseAddress: '10.88.0.21', availability: 'active', addressPools: [] },
    ...{ subnetSize: undefined, labels: {} },
  });
}

test('a host in another swarm is not joined, and does not leave it either', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  await foreignSwarm(world);
  const calls = world.calls().length;
  await assert.rejects(stack.applyLinks(new ProviderProcess(world), 'w1', ['Node']), {
    code: 'ForeignSwarm',
    message:
      /w1: the host is in another swarm \(node \w+, active\); nothing was touched; .*docker swarm leave/,
  });
  assert.deepEqual(changesSince(world, calls), []);
});

test('a node of ours that somebody put into another swarm is not torn out of that one', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  await stack.applyLinks(new ProviderProcess(world), 'w1', ['Node']);
  await (await dockerOf(world, 'w1')).swarmLeave({ force: true });
  await foreignSwarm(world);
  stack.saved.delete('Node/w1');
  const calls = world.calls().length;
  await assert.rejects(stack.applyLinks(new ProviderProcess(world), 'w1', ['Node']), {
    code: 'ForeignSwarm',
  });
  assert.deepEqual(changesSince(world, calls), []);
});

test('an engine that serves a swarm is not changed to another version', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  await foreignSwarm(world);
  const calls = world.calls().length;
  const wanted = { ...stack.inputsOf('Engine', 'w1'), version: '26.1.5' };
  await assert.rejects(stack.create(new ProviderProcess(world), 'Engine', 'w1', wanted), {
    code: 'EngineInUse',
    message:
      /w1: its engine 20\.10\.24 serves a swarm, and 26\.1\.5 is declared; nothing was touched/,
  });
  assert.deepEqual(changesSince(world, calls), []);
});

test('the members of another swarm behind the contacts are never used', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  for (const name of ['m1', 'm2', 'm3']) world.powerOff(`test/${name}`);
  await foreignSwarm(world);
  const node = stack.declared.nodes.find(({ name }) => name === 'w1');
  assert.ok(node !== undefined);
  // w1's own swarm is the only one that answers, and somebody declares w1 as a manager.
  stack.declared = { ...stack.declared, nodes: [{ ...node, role: 'manager' }] };
  await assert.rejects(stack.applySwarm(new ProviderProcess(world)), {
    code: 'NoManager',
    message: /w1 is in another swarm/,
  });
});

for (const kind of ['Engine', 'Node', 'VipMember'] as const) {
  test(`${kind} refuses a host that another resource manages, and names the way out`, async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    const wanted = stack.inputsOf(kind, 'm1');
    const calls = world.calls().length;
    stack.urnOf = (of, name) => `urn:pulumi:other::project::swarm:index:${of}::${name}-renamed`;
    await assert.rejects(stack.create(new ProviderProcess(world), kind, 'm1', wanted), {
      code: 'MarkerOfAnother',
      message: new RegExp(`managed by urn:pulumi:test::.*::m1; nothing was touched; `),
    });
    assert.deepEqual(changesSince(world, calls), []);
  });
}

test('a marker under the component’s other type is the resource’s own', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const wanted = stack.inputsOf('Engine', 'm1');
  const before = stack.urnOf('Engine', 'm1');
  stack.urnOf = () => before.replace('SwarmManager', 'SwarmWorker');
  assert.notEqual(stack.urnOf('Engine', 'm1'), before);
  await stack.create(new ProviderProcess(world), 'Engine', 'm1', wanted);
});
