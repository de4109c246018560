import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { assertAsDeclared, changesSince, copyOf } from '../support/clusterState';
import { cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { Killed, ProviderProcess } from '../support/providerHarness';
import { Stack } from '../support/providerStack';

/** Three machines with engines, and no swarm yet. */
let built: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  const stack = new Stack(cluster(3, 0, { vip: undefined }));
  for (const name of ['m1', 'm2', 'm3']) {
    await stack.applyLinks(new ProviderProcess(world), name, [
      'HostIdentity',
      'LabMachine',
      'Engine',
    ]);
  }
  built = { world, stack };
});

function begin(adopt?: string): { readonly world: FakeWorld; readonly stack: Stack } {
  const copy = copyOf(built.world, built.stack);
  if (adopt !== undefined) copy.stack.declared = { ...copy.stack.declared, swarm: { adopt } };
  return copy;
}

/** What a second run knows whose stack lock was broken. */
function copyOfStack(stack: Stack): Stack {
  const copy = new Stack(stack.declared);
  for (const [key, saved] of stack.saved) copy.saved.set(key, saved);
  return copy;
}

/** Somebody else's swarm on one of the machines, made by hand. */
async function foreignSwarm(world: FakeWorld, name: string): Promise<string> {
  const connection = { lab: 'test', machine: name };
  const { docker } = await world.effects().hosts.connect(connection);
  const address = world.machine(`test/${name}`).address;
  await docker.swarmInit({
    ...{ advertiseAddress: address, availability: 'active', addressPools: [] },
    ...{ subnetSize: undefined, labels: {} },
  });
  return (await docker.swarm()).clusterId;
}

async function join(world: FakeWorld, name: string, manager: string): Promise<void> {
  const { hosts } = world.effects();
  const remote = (await hosts.connect({ lab: 'test', machine: manager })).docker;
  const { docker } = await hosts.connect({ lab: 'test', machine: name });
  await docker.swarmJoin({
    advertiseAddress: world.machine(`test/${name}`).address,
    remoteAddress: `${world.machine(`test/${manager}`).address}:2377`,
    token: await remote.joinToken('worker'),
    availability: 'active',
  });
}

test('a swarm is not founded while a declared manager does not answer', async () => {
  const { world, stack } = begin();
  world.setLink('test/m2', 'managementCut');
  const calls = world.calls().length;
  await assert.rejects(stack.applySwarm(new ProviderProcess(world)), {
    code: 'TimedOut',
    message: /every declared manager answers .*within 180 s: no answer of m2: /,
  });
  assert.deepEqual([world.swarms(), changesSince(world, calls)], [[], []]);
});

test('an engine that is stopped may hide a member: its files decide', async () => {
  const { world, stack } = begin();
  await foreignSwarm(world, 'm2');
  const { systemd } = await world.effects().hosts.connect({ lab: 'test', machine: 'm2' });
  for (const unit of ['docker.socket', 'docker.service']) await systemd.stop(unit);
  await assert.rejects(stack.applySwarm(new ProviderProcess(world)), {
    code: 'TimedOut',
    message: /no answer of m2: its engine does not answer, and it is in a swarm/,
  });
  assert.equal(world.swarms().length, 1);
});

test('a swarm is not founded where no engine runs', async () => {
  const world = new FakeWorld();
  const stack = new Stack(cluster(1, 0));
  const process = new ProviderProcess(world);
  await stack.applyLinks(process, 'm1', ['HostIdentity', 'LabMachine']);
  await assert.rejects(stack.applySwarm(process), {
    code: 'NoEngineToFoundOn',
    message: /none of m1 has a running engine yet; nothing was touched/,
  });
});

test('a foreign swarm on any declared manager is refused by its ID', async () => {
  const { world, stack } = begin();
  const clusterId = await foreignSwarm(world, 'm3');
  const calls = world.calls().length;
  await assert.rejects(stack.applySwarm(new ProviderProcess(world)), {
    code: 'ForeignSwarm',
    message: new RegExp(`m3 .* is in swarm ${clusterId} already; .*declare .adopt: ${clusterId}`),
  });
  assert.deepEqual(changesSince(world, calls), []);
});

test('a declared manager that is a worker of another swarm is refused', async () => {
  const { world, stack } = begin();
  await foreignSwarm(world, 'm3');
  await join(world, 'm2', 'm3');
  stack.declared = { ...cluster(2, 0), vip: undefined };
  await assert.rejects(stack.applySwarm(new ProviderProcess(world)), {
    code: 'ForeignSwarm',
    message: /m2 .* is a worker of a swarm already; nothing was touched/,
  });
});

test('a running swarm is adopted by its ID, and nothing of it changes by that but our labels', async () => {
  const probe = begin();
  const clusterId = await foreignSwarm(probe.world, 'm1');
  const { world, stack } = copyOf(probe.world, probe.stack);
  stack.declared = { ...stack.declared, swarm: { adopt: clusterId } };
  const calls = world.calls().length;
  await stack.applySwarm(new ProviderProcess(world));
  assert.equal(stack.clusterId, clusterId);
  assert.deepEqual(changesSince(world, calls), ['docker.setSwarmLabels test/m1']);
  const member = world.machine('test/m1').engine.membership?.nodeId;
  await stack.up(new ProviderProcess(world));
  assert.equal(stack.get('Node', 'm1').outputs['nodeId'], member, 'its member stays what it is');
  assertAsDeclared(world, stack);
});

test('another swarm than the one to adopt is refused', async () => {
  const { world, stack } = begin('some-other-cluster');
  await foreignSwarm(world, 'm1');
  await assert.rejects(stack.applySwarm(new ProviderProcess(world)), { code: 'ForeignSwarm' });
});

test('after an interrupted founding there is no second one, not even while the founder is silent', async () => {
  const { world, stack } = begin();
  const fault = { kind: 'kill', at: 'end', step: 0 } as const;
  const dying = new ProviderProcess(world, { fault });
  await assert.rejects(stack.applySwarm(dying), Killed);
  const { clusterId } = world.swarm();
  world.setLink('test/m1', 'managementCut');
  await assert.rejects(stack.applySwarm(new ProviderProcess(world)), { code: 'TimedOut' });
  world.setLink('test/m1', 'up');
  await stack.up(new ProviderProcess(world));
  assert.equal(stack.clusterId, clusterId);
  assertAsDeclared(world, stack);
});

test('two first runs at once found one swarm', async () => {
  const { world, stack } = begin();
  const other = copyOfStack(stack);
  await Promise.all([
    stack.applySwarm(new ProviderProcess(world)),
    other.applySwarm(new ProviderProcess(world)),
  ]);
  assert.equal(world.swarms().length, 1);
  assert.equal(stack.clusterId, other.clusterId);
});

test('a first run that was killed after any of its changes is finished by the next one', async () => {
  const declared = cluster(1, 1);
  const whole = { world: new FakeWorld(), stack: new Stack(declared) };
  await whole.stack.found(new ProviderProcess(whole.world));
  const { length } = whole.world.calls();
  assert.ok(length > 20);
  for (let count = 1; count <= length; count += 1) {
    const dying: { process?: ProviderProcess } = {};
    const { world, stack } = copyOf(new FakeWorld(), new Stack(declared), (state) => {
      if (state.calls.length >= count) dying.process?.kill();
    });
    dying.process = new ProviderProcess(world);
    await assert.rejects(stack.found(dying.process), Killed);
    await stack.found(new ProviderProcess(world));
    assertAsDeclared(world, stack);
  }
});
