import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { changesSince, copyOf, founded, view, vipHolder } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { ProviderProcess } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  const node = { timeouts: { gate: 20, drain: 20, demote: 20 } };
  origin = { world, stack: await founded(world, cluster(3, 2, { node })) };
});

function about(name: string): { readonly world: FakeWorld; readonly stack: Stack } {
  const { world, stack } = copyOf(origin.world, origin.stack);
  stack.declared = changed(stack.declared, { os: 'debian:13' }, name);
  return { world, stack };
}

test('a node that the swarm sees alive, and that cannot be reached, is refused before it is drained', async () => {
  const { world, stack } = about('w1');
  world.setLink('test/w1', 'managementCut');
  const calls = world.calls().length;
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'w1'), {
    code: 'TimedOut',
    message: /w1: the node answers, or is seen down .*sees it ready.*cannot be made to leave/,
  });
  assert.deepEqual(changesSince(world, calls), []);
  assert.ok(view(world).entries.includes('w1 worker ready active'));
});

test('a dead node is not rebuilt without a choice about what it may hold', async () => {
  const { world, stack } = about('w1');
  world.powerOff('test/w1');
  world.advance(60_000);
  const calls = world.calls().length;
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'w1'), {
    code: 'LocalDataUnknown',
    message: /w1: whether it holds local data could not be looked at .*onLocalData: discard/,
  });
  assert.deepEqual(changesSince(world, calls), []);
});

test('a dead manager with a virtual IP neither, and its peers keep the address', async () => {
  const { world, stack } = about('m1');
  world.powerOff('test/m1');
  world.advance(60_000);
  const holder = vipHolder(world);
  const calls = world.calls().length;
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm1'), {
    code: 'LocalDataUnknown',
  });
  assert.deepEqual(changesSince(world, calls), []);
  assert.equal(vipHolder(world), holder);
});

test('a refused demotion leaves a manager that is available, and no order that stands', async () => {
  const { world, stack } = about('m2');
  world.refuseDemotions(1_000);
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm2'), { code: 'TimedOut' });
  world.refuseDemotions(0);
  world.advance(60_000);
  assert.ok(view(world).entries.includes('m2 manager ready active'), String(view(world).entries));
});

test('a virtual IP that the program no longer has stops on every manager, the last one too', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const names = { managers: ['m1', 'm2', 'm3'], workers: ['w1', 'w2'] };
  stack.declared = {
    ...stack.declared,
    vip: undefined,
    swarm: { declared: { ...names, vips: [] } },
  };
  const process = new ProviderProcess(world);
  await stack.applySwarm(process);
  for (const name of names.managers) await stack.callDelete(process, 'VipMember', name);
  assert.equal(vipHolder(world), undefined);
  assert.deepEqual(view(world).managers, ['m1', 'm2', 'm3']);
});
