import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { assertAsDeclared, copyOf, founded } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { ProviderProcess } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  const timeouts = { gate: 3600 };
  origin = {
    world,
    stack: await founded(world, cluster(3, 1, { node: { timeouts } })),
  };
});

test('the timeouts of this run count for a node that goes in it, also at its virtual IP', async () => {
  for (const link of ['VipMember', 'Node'] as const) {
    const { world, stack } = copyOf(origin.world, origin.stack);
    stack.declared = {
      ...changed(stack.declared, { os: 'debian:13' }, 'm1'),
      swarm: { roll: { timeouts: { gate: 7 } } },
    };
    const process = new ProviderProcess(world);
    await stack.applySwarm(process);
    world.powerOff('test/m3');
    world.advance(60_000);
    const { clock } = world.effects();
    const began = clock.monotonicMs();
    await assert.rejects(stack.remove(process, `${link}/m1`), {
      code: 'TimedOut',
      message: /the gate before manager m1 did not come true within 7 s/,
    });
    assert.ok(clock.monotonicMs() - began < 120_000, link);
  }
});

test('a choice about local data is found under the new name of a node that was renamed', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.editMachine('test/w1', ({ engine }) => {
    engine.volumes = { database: 12 };
  });
  const process = new ProviderProcess(world);
  stack.declared = {
    ...stack.declared,
    swarm: {
      declared: {
        managers: ['m1', 'm2', 'm3'],
        workers: ['w9'],
        renamed: { w9: 'w1' },
        localData: { w9: 'discard' },
      },
    },
  };
  await stack.applySwarm(process);
  await stack.remove(process, 'Node/w1');
  const names = world.swarm().nodes.map(({ hostname }) => hostname);
  assert.deepEqual([...names].sort(), ['m1', 'm2', 'm3']);
});

test('a swarm that carries no policy leaves each node its own', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  stack.declared = changed(stack.declared, { os: 'debian:13' }, 'm1');
  await stack.up(new ProviderProcess(world));
  assertAsDeclared(world, stack);
});
