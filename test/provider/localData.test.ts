import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import {
  assertAsDeclared,
  changesSince,
  copyOf,
  founded,
  vipHolder,
} from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { ProviderProcess } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  origin = { world, stack: await founded(world, cluster(3, 1)) };
});

/** m1 holds the virtual IP and a volume, and is to be rebuilt. */
function withVolume(): { readonly world: FakeWorld; readonly stack: Stack } {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.editMachine('test/m1', ({ engine }) => {
    engine.volumes = { database: 12 };
  });
  stack.declared = changed(stack.declared, { os: 'debian:13' }, 'm1');
  return { world, stack };
}

test('a manager with local data is refused before its virtual IP is moved', async () => {
  const { world, stack } = withVolume();
  const holder = vipHolder(world);
  const calls = world.calls().length;
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm1'), {
    code: 'LocalData',
    message: /m1: it holds volume database, .*nothing was touched/,
  });
  assert.deepEqual(changesSince(world, calls), []);
  assert.equal(vipHolder(world), holder);
});

test('the choice counts in the very run that replaces the node, by the label that Swarm writes first', async () => {
  const { world, stack } = withVolume();
  const { managers, workers } = { managers: ['m1', 'm2', 'm3'], workers: ['w1'] };
  stack.declared = {
    ...stack.declared,
    swarm: { declared: { managers, workers, localData: { m1: 'discard' } } },
  };
  await stack.up(new ProviderProcess(world));
  assertAsDeclared(world, stack);
});

test('a host that is another node by now is left alone, and the old entry still goes', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const old = stack.get('Node', 'w1').outputs['nodeId'];
  // By hand: out, and in again as another node.
  const effects = world.effects();
  const manager = await effects.hosts.connect({ lab: 'test', machine: 'm1' });
  const worker = await effects.hosts.connect({ lab: 'test', machine: 'w1' });
  await worker.docker.swarmLeave({ force: false });
  await worker.docker.swarmJoin({
    advertiseAddress: '10.88.0.21',
    remoteAddress: '10.88.0.11:2377',
    token: await manager.docker.joinToken('worker'),
    availability: 'active',
  });
  world.advance(60_000);
  const process = new ProviderProcess(world);
  stack.registerSwarm(process);
  await stack.callDelete(process, 'Node', 'w1');
  const { nodeId, localNodeState } = await worker.docker.info();
  assert.equal(localNodeState, 'active', 'the node that it is now stays in the swarm');
  assert.notEqual(nodeId, old);
  assert.ok(!(await manager.docker.nodes()).some(({ id }) => id === old));
});

test('the only manager, with a virtual IP, is refused at once and keeps it', async () => {
  const world = new FakeWorld();
  const stack = await founded(world, cluster(1, 1));
  stack.declared = changed(stack.declared, { os: 'debian:13' }, 'm1');
  const calls = world.calls().length;
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm1'), { code: 'LastManager' });
  assert.deepEqual(changesSince(world, calls), []);
  assert.equal(vipHolder(world), 'm1');
});
