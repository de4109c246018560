import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import {
  assertAsDeclared,
  changesSince,
  copyOf,
  founded,
  machine,
  vipHolder,
} from '../support/clusterState';
import type { PropertyMap } from '../../provider/server/resource';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import type { WorldState } from '../support/fakeWorld/fakeWorld';
import { emptyTranscript, ProviderProcess, sentences } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  origin = { world, stack: await founded(world, cluster(3, 0)) };
});

/** Whether an address was on nobody at any moment, and how many held it at most. */
function watching(address: string): {
  readonly watch: (state: WorldState) => void;
  readonly seen: { gone: number; most: number };
} {
  const seen = { gone: 0, most: 0 };
  const watch = (state: WorldState): void => {
    const holders = state.vips[address]?.holders ?? [];
    if (holders.length === 0) seen.gone += 1;
    seen.most = Math.max(seen.most, holders.length);
  };
  return { watch, seen };
}

const first = '10.88.0.100';
const second = '10.88.0.101';

for (const holder of ['m1', 'm2', 'm3']) {
  const rows: readonly (readonly [string, PropertyMap, number])[] = [
    ['a further address', { addresses: [`${first}/24`, `${second}/24`] }, 1],
    ['a router ID', { routerId: 99 }, 2],
    ['an interval', { advertisementSeconds: 0.5 }, 1],
    ['a name', { vip: 'other' }, 1],
  ];
  for (const [what, vip, most] of rows) {
    test(`${what} changed while ${holder} holds the address: nobody is without it`, async () => {
      const { watch, seen } = watching(first);
      const { world, stack } = copyOf(origin.world, origin.stack, watch);
      await movedTo(world, stack, holder);
      seen.most = 0;
      stack.declared = changed(stack.declared, { vip });
      await stack.up(new ProviderProcess(world));
      world.advance(5_000);
      assert.equal(seen.gone, 0);
      assert.equal(seen.most, most);
      assertHolders(world, 1);
      for (const name of ['m1', 'm2', 'm3']) {
        const { files, keepalivedConfiguration } = machine(world, name);
        assert.equal(files['/etc/keepalived/keepalived.conf']?.content, keepalivedConfiguration);
      }
      const calls = world.calls().length;
      await stack.up(new ProviderProcess(world));
      assert.deepEqual(changesSince(world, calls), [], 'a second run touches nothing');
    });
  }
}

async function movedTo(world: FakeWorld, stack: Stack, holder: string): Promise<void> {
  if (holder === 'm1') return;
  const before = stack.declared;
  stack.declared = changed(before, { vip: { preferred: holder } });
  await stack.up(new ProviderProcess(world));
  stack.declared = before;
  await stack.up(new ProviderProcess(world));
  assert.equal(vipHolder(world), holder);
}

function assertHolders(world: FakeWorld, count: number): void {
  world.edit((state) => {
    for (const { holders } of Object.values(state.vips)) assert.equal(holders.length, count);
  });
}

test('a router ID changed and killed at any of its changes: the next run ends with one holder', async () => {
  const count = await (async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    const before = world.calls().length;
    stack.declared = changed(stack.declared, { vip: { routerId: 99 } });
    await stack.up(new ProviderProcess(world));
    return world.calls().length - before;
  })();
  assert.ok(count > 5, `${String(count)} changes`);
  for (let skip = 0; skip < count; skip++) {
    const { watch, seen } = watching(first);
    const { world, stack } = copyOf(origin.world, origin.stack, watch);
    stack.declared = changed(stack.declared, { vip: { routerId: 99 } });
    world.failNext('*', { message: 'killed' }, { skip });
    await stack.up(new ProviderProcess(world)).catch(() => undefined);
    world.advance(120_000);
    await stack.up(new ProviderProcess(world));
    assert.equal(seen.gone, 0, `killed after ${String(skip)}`);
    assertHolders(world, 1);
    assertAsDeclared(world, stack, { mayHaveDeadLease: true });
  }
});

test('what managers must have in common is not changed while one that may hold the address is not seen', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.editMachine('test/m1', (silent) => {
    silent.link = 'managementCut';
  });
  stack.declared = changed(stack.declared, { vip: { routerId: 99 } });
  await assert.rejects(stack.up(new ProviderProcess(world), ['m2']), { code: 'VipPeerUnseen' });
  for (const name of ['m2', 'm3']) {
    assert.doesNotMatch(machine(world, name).keepalivedConfiguration ?? '', /router_id 99/);
  }
  assertHolders(world, 1);
});

test('of two managers both are changed, and alone the gap is told of in the preview', async () => {
  const world = new FakeWorld();
  const stack = await founded(world, cluster(2, 0));
  stack.declared = changed(stack.declared, { vip: { routerId: 99 } });
  const transcript = emptyTranscript();
  await stack.up(new ProviderProcess(world, { transcript }));
  assert.ok(sentences(transcript).includes('change keepalived on m1, m2 together'));
  assertHolders(world, 1);
});
