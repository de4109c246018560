import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { planRollout } from '../../provider/functions/planRollout';
import type { PropertyMap } from '../../provider/server/resource';
import { copyOf, founded } from '../support/clusterState';
import { cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { ProviderProcess } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  origin = { world, stack: await founded(world, cluster(3, 2, await webService())) };
});

type Silence = 'off' | 'cut';

/** A copy of the cluster in which these have been silent for a while. */
function silenced(
  how: Silence,
  ...names: readonly string[]
): { readonly world: FakeWorld; readonly stack: Stack } {
  const copy = copyOf(origin.world, origin.stack);
  for (const name of names) {
    if (how === 'off') copy.world.powerOff(`test/${name}`);
    else copy.world.setLink(`test/${name}`, 'cut');
  }
  copy.world.advance(60_000);
  return copy;
}

function nowMs(world: FakeWorld): number {
  return world.edit((state) => state.nowMs);
}

async function seconds(world: FakeWorld, work: () => Promise<unknown>): Promise<number> {
  const began = nowMs(world);
  await work();
  return Math.round((nowMs(world) - began) / 100) / 10;
}

/** Every Read of a refresh, side by side as the engine calls them. */
async function refresh(world: FakeWorld, stack: Stack): Promise<void> {
  const process = new ProviderProcess(world);
  const before = [...stack.saved.keys()];
  await Promise.all(
    before.map((key) => {
      const [kind = '', ...name] = key.split('/');
      return stack.refresh(process, kind, name.join('/'));
    }),
  );
  assert.deepEqual([...stack.saved.keys()], before, 'nothing is dropped');
}

async function plan(world: FakeWorld, stack: Stack): Promise<void> {
  const node = (role: string): PropertyMap[] =>
    stack.declared.nodes
      .filter((each) => each.role === role)
      .map(({ name, address, os }) => ({
        ...{ name, address, os, connection: { lab: 'test', machine: name } },
      }));
  await new ProviderProcess(world).call(
    'call',
    stack.urnOf('Swarm', 'cluster'),
    (_resource, operation) =>
      planRollout.call(
        {
          ...{ managers: node('manager'), workers: node('worker'), maxUnavailable: 1 },
          vipAddresses: [stack.declared.vip ?? ''],
        },
        operation,
      ),
  );
}

/**
 * Seconds that a refresh and a plan may take. A silent host costs 10 s once, and 2 s for each further look
 * of the same process; an engine without a leader takes 20 s for each of its answers, and a plan waits
 * until an election would have ended before it speaks of a lost majority.
 */
const rows: readonly (readonly [readonly string[], number, number])[] = [
  [['w1'], 13, 13],
  [['m1'], 13, 13],
  [['m3'], 13, 13],
  [['w1', 'w2'], 13, 13],
  [['m3', 'w1'], 13, 23],
  [['m1', 'm2'], 42, 90],
  [['m2', 'm3'], 42, 90],
  [['m1', 'm2', 'm3'], 20, 13],
];

for (const how of ['off', 'cut'] as const) {
  for (const [names, refreshSeconds, planSeconds] of rows) {
    const who = `${names.join(' and ')} ${how}`;
    test(`${who}: refresh takes at most ${String(refreshSeconds)} s and drops nothing`, async () => {
      const { world, stack } = silenced(how, ...names);
      const took = await seconds(world, () => refresh(world, stack));
      assert.ok(took <= refreshSeconds, `${String(took)} s`);
    });
    test(`${who}: the plan takes at most ${String(planSeconds)} s`, async () => {
      const { world, stack } = silenced(how, ...names);
      const took = await seconds(world, () => plan(world, stack));
      assert.ok(took <= planSeconds, `${String(took)} s`);
    });
  }
}

for (const how of ['off', 'cut'] as const) {
  for (const names of [['w1'], ['m1'], ['m3'], ['m1', 'w1'], ['m3', 'w1'], ['w1', 'w2']]) {
    test(`${names.join(' and ')} ${how}: destroy ends, within 20 s for each silent one and the usual time`, async () => {
      const usual = silenced(how);
      const { world, stack } = silenced(how, ...names);
      for (const each of [usual, { world, stack }]) {
        each.stack.declared = { ...each.stack.declared, swarm: { allowDestroy: true } };
        await each.stack.applySwarm(new ProviderProcess(each.world));
      }
      const usually = await seconds(usual.world, () =>
        usual.stack.destroy(new ProviderProcess(usual.world)),
      );
      const took = await seconds(world, () => stack.destroy(new ProviderProcess(world)));
      assert.ok(
        took <= usually + 20 * names.length,
        `${String(took)} s, usually ${String(usually)}`,
      );
      assert.equal(stack.saved.size, 0);
    });
  }
}
