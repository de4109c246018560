import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import {
  leaseConfigName,
  leaseTimeToLiveSeconds,
  readBaselines,
  readLease,
  withBaseline,
} from '../../core/lease';
import { changeLeaseLabels, withLease } from '../../provider/operations/hold/lease';
import type { Lease } from '../../provider/operations/hold/lease';
import { assertAsDeclared, copyOf, founded, watchSafety } from '../support/clusterState';
import { changed, cluster, contactsOf } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { emptyTranscript, Killed, ProviderProcess } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  origin = { world, stack: await founded(world, cluster(3, 0)) };
});

function begin(): FakeWorld {
  return copyOf(origin.world, origin.stack).world;
}

/** One operation of a process, holding the lease while `action` runs. */
function hold(
  process: ProviderProcess,
  name: string,
  action: (lease: Lease, sleep: (seconds: number) => Promise<void>) => Promise<void>,
  timeoutSeconds = 120,
): Promise<void> {
  const access = { clusterId: origin.stack.clusterId, managers: contactsOf(origin.stack.declared) };
  const urn = origin.stack.urnOf('Node', name);
  const { clock } = process.effects;
  return process.call('delete', urn, (_, operation) =>
    withLease(operation, access, `take ${name} out`, timeoutSeconds, (lease) =>
      action(lease, (seconds) => clock.sleep(seconds * 1_000)),
    ),
  );
}

function holder(world: FakeWorld): string | undefined {
  const object = world.swarm().configs.find(({ name }) => name === leaseConfigName);
  return readLease(object?.labels ?? {}).holder?.split('-')[0];
}

function seconds(world: FakeWorld): number {
  return world.edit(({ nowMs }) => nowMs) / 1_000;
}

test('two operations at once: the second waits for the first, and says for whom', async () => {
  const world = begin();
  const transcript = emptyTranscript();
  const events: string[] = [];
  const work = (name: string) => async (lease: Lease, sleep: (s: number) => Promise<void>) => {
    events.push(`${name} begins`);
    // Far longer than the lease lives: it is renewed.
    await sleep(4 * leaseTimeToLiveSeconds);
    await lease.confirm();
    events.push(`${name} ends`);
  };
  await Promise.all([
    hold(new ProviderProcess(world), 'm1', work('m1')),
    hold(new ProviderProcess(world, { transcript }), 'm2', work('m2'), 600),
  ]);
  const [first, second] = events[0] === 'm1 begins' ? ['m1', 'm2'] : ['m2', 'm1'];
  assert.deepEqual(events, [
    `${first} begins`,
    `${first} ends`,
    `${second} begins`,
    `${second} ends`,
  ]);
  assert.equal(holder(world), undefined);
});

test('two replacements at once, by two runs: one goes after the other, and quorum holds', async () => {
  const { watch, faults } = watchSafety();
  const { world, stack } = copyOf(origin.world, origin.stack, watch);
  stack.declared = changed(stack.declared, { os: 'debian:13' });
  await Promise.all(['m1', 'm2'].map((name) => stack.applyNode(new ProviderProcess(world), name)));
  await stack.up(new ProviderProcess(world));
  assertAsDeclared(world, stack);
  assert.deepEqual([...faults], []);
});

test('who waits in vain gives up with the holder’s operation', async () => {
  const world = begin();
  const first = hold(new ProviderProcess(world), 'm1', (_, sleep) => sleep(100));
  await world.effects().clock.sleep(2_000);
  await assert.rejects(
    hold(new ProviderProcess(world), 'm2', () => Promise.reject(new Error('it got in')), 20),
    {
      code: 'TimedOut',
      message: /within 20 s: another run holds the lease \(take m1 out, since 2026-/,
    },
  );
  await first;
});

test('a dead holder’s lease is taken over after its time to live by the contender’s own clock', async () => {
  const world = begin();
  const dying = new ProviderProcess(world);
  const died = assert.rejects(
    hold(dying, 'm1', async (_, sleep) => {
      await sleep(1);
      dying.kill();
      await sleep(1);
    }),
    Killed,
  );
  await died;
  assert.equal(holder(world), 'm1');
  // However long ago that was: only what the contender has seen itself counts.
  world.advance(3_600_000);
  const began = seconds(world);
  let waited = 0;
  await hold(new ProviderProcess(world), 'm2', async () => {
    waited = seconds(world) - began;
  });
  assert.ok(
    waited >= leaseTimeToLiveSeconds && waited < leaseTimeToLiveSeconds + 5,
    String(waited),
  );
  assert.equal(holder(world), undefined);
});

test('a holder that stood still and was overtaken stops at its next step, and leaves the other’s lease', async () => {
  const world = begin();
  const touched: string[] = [];
  const overtaken = hold(new ProviderProcess(world), 'm1', async (lease, sleep) => {
    await sleep(1);
    // The whole process stood still: no renewal, and another run took the lease meanwhile.
    world.edit(({ swarms }) => {
      for (const config of Object.values(swarms).flatMap(({ configs }) => configs)) {
        if (config.name !== leaseConfigName) continue;
        config.labels = { ...config.labels, holder: 'm2-another', operation: 'take m2 out' };
        config.version += 1_000;
      }
    });
    await sleep(20);
    await lease.confirm();
    touched.push('a step after the loss');
  });
  await assert.rejects(overtaken, {
    code: 'LeaseLost',
    message:
      /m1: the lease was taken over by another run \(take m2 out\); nothing more is done here/,
  });
  assert.deepEqual(touched, []);
  assert.equal(holder(world), 'm2');
});

test('the lease is given back when the work fails, and outlives a change of leader', async () => {
  const world = begin();
  const failing = hold(new ProviderProcess(world), 'm2', async (lease, sleep) => {
    world.powerOff('test/m1');
    await sleep(60);
    await lease.confirm();
    assert.equal(holder(world), 'm2');
    throw new Error('the work failed');
  });
  await assert.rejects(failing, /the work failed/);
  assert.equal(holder(world), undefined);
});

test('labels beside the lease stay when it is taken and given back', async () => {
  const world = begin();
  await hold(new ProviderProcess(world), 'm1', (lease) =>
    lease.changeLabels((labels) => ({ ...labels, 'baseline.m1': '{"web":2}' })),
  );
  await hold(new ProviderProcess(world), 'm2', async (lease) => {
    assert.equal((await lease.readLabels())['baseline.m1'], '{"web":2}');
  });
  const object = world.swarm().configs.find(({ name }) => name === leaseConfigName);
  assert.deepEqual(object?.labels, { 'baseline.m1': '{"web":2}' });
});

test('many of one process: each takes it from the one before, in order, and none gives up over the others', async () => {
  const world = begin();
  const process = new ProviderProcess(world);
  const names = ['m1', 'm2', 'm3'];
  const events: string[] = [];
  await Promise.all(
    names.map((name) =>
      hold(
        process,
        name,
        async (lease, sleep) => {
          events.push(name);
          await sleep(100);
          await lease.confirm();
        },
        5,
      ),
    ),
  );
  assert.deepEqual(events, names);
  assert.equal(holder(world), undefined);
});

test('one of a process that fails lets the next one go', async () => {
  const world = begin();
  const process = new ProviderProcess(world);
  const failing = hold(process, 'm1', () => Promise.reject(new Error('it failed')));
  const next = hold(process, 'm2', () => Promise.resolve());
  await assert.rejects(failing, /it failed/);
  await next;
});

/** The rows that operations of one process were of, which all want the lease at once. */
async function rowsOf(
  world: FakeWorld,
  process: ProviderProcess,
  ...atTheEnd: readonly (() => void)[]
): Promise<readonly (object | undefined)[]> {
  const rows: (object | undefined)[] = [];
  const held = atTheEnd.map((act, index) =>
    hold(process, `m${String(index + 1)}`, async ({ row }, sleep) => {
      rows.push(row);
      await sleep(1);
      act();
    }),
  );
  await Promise.allSettled(held);
  assert.equal(holder(world), undefined);
  assert.ok(rows.length === atTheEnd.length && rows.every((row) => row !== undefined));
  return rows;
}

const well = (): void => undefined;

test('operations of a process that hold it one right after another are one row; one that comes later is of the next', async () => {
  const world = begin();
  const process = new ProviderProcess(world);
  const [first, second, third] = await rowsOf(world, process, well, well, well);
  assert.ok(first === second && second === third);
  const [later] = await rowsOf(world, process, well);
  assert.notEqual(later, first);
});

test('behind one that fails another row begins', async () => {
  const world = begin();
  const fail = (): void => {
    throw new Error('it failed');
  };
  const [first, second, third] = await rowsOf(world, new ProviderProcess(world), well, fail, well);
  assert.ok(first === second && second !== third);
});

test('behind another run another row begins', async () => {
  const world = begin();
  const overtake = (): void => {
    world.edit(({ swarms }) => {
      for (const config of Object.values(swarms).flatMap(({ configs }) => configs)) {
        if (config.name !== leaseConfigName) continue;
        config.labels = { ...config.labels, holder: 'm9-another', operation: 'take m9 out' };
      }
    });
  };
  const [first, second] = await rowsOf(world, new ProviderProcess(world), overtake, well);
  assert.notEqual(first, second);
});

test('a hundred nodes change the labels beside the lease at once, and none gives up', async () => {
  const world = begin();
  const process = new ProviderProcess(world);
  const access = { clusterId: origin.stack.clusterId, managers: contactsOf(origin.stack.declared) };
  const names = Array.from({ length: 100 }, (_, index) => `w${String(index + 1)}`);
  await Promise.all(
    names.map((name) =>
      process.call('create', origin.stack.urnOf('Node', name), (_, operation) =>
        changeLeaseLabels(operation, access, (labels) => withBaseline(labels, name, {})),
      ),
    ),
  );
  const object = world.swarm().configs.find(({ name }) => name === leaseConfigName);
  assert.deepEqual(Object.keys(readBaselines(object?.labels ?? {})).sort(), names.sort());
});
