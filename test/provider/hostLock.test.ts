import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostLockPath, readHostLock, renderHostLock } from '../../core/hostLock';
import { leaseTimeToLiveSeconds } from '../../core/lease';
import { withHostLock } from '../../provider/operations/hold/hostLock';
import type { HostLock } from '../../provider/operations/hold/hostLock';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { Killed, ProviderProcess } from '../support/providerHarness';

function oneHost(): FakeWorld {
  const world = new FakeWorld();
  world.addHost({ name: 'h1', address: '10.88.0.11' });
  return world;
}

/** One operation of a process, holding the host's lock while `action` runs. */
function hold(
  process: ProviderProcess,
  what: string,
  action: (lock: HostLock, sleep: (seconds: number) => Promise<void>) => Promise<void>,
  timeoutSeconds = 120,
): Promise<void> {
  const { clock, hosts } = process.effects;
  const urn = `urn:pulumi:test::project::swarm:index:Swarm::${what}`;
  return process.call('update', urn, async (_, operation) =>
    withHostLock(
      operation,
      await hosts.connect({ host: 'h1' }),
      `do ${what}`,
      timeoutSeconds,
      (lock) => action(lock, (seconds) => clock.sleep(seconds * 1_000)),
    ),
  );
}

function holder(world: FakeWorld): string | undefined {
  return readHostLock(world.machine('h1').files[hostLockPath]?.content).holder?.split('-')[0];
}

function seconds(world: FakeWorld): number {
  return world.edit(({ nowMs }) => nowMs) / 1_000;
}

test('two runs at once: one works after the other, however long that takes', async () => {
  const world = oneHost();
  const events: string[] = [];
  const work = (name: string) => async (lock: HostLock, sleep: (s: number) => Promise<void>) => {
    events.push(`${name} begins`);
    await sleep(4 * leaseTimeToLiveSeconds);
    await lock.confirm();
    events.push(`${name} ends`);
  };
  await Promise.all([
    hold(new ProviderProcess(world), 'a', work('a'), 600),
    hold(new ProviderProcess(world), 'b', work('b'), 600),
  ]);
  const [first, second] = events[0] === 'a begins' ? ['a', 'b'] : ['b', 'a'];
  assert.deepEqual(events, [
    `${first} begins`,
    `${first} ends`,
    `${second} begins`,
    `${second} ends`,
  ]);
  assert.equal(world.machine('h1').files[hostLockPath], undefined);
});

test('who waits in vain says for whom', async () => {
  const world = oneHost();
  const first = hold(new ProviderProcess(world), 'a', (_, sleep) => sleep(100));
  await world.effects().clock.sleep(2_000);
  const second = hold(new ProviderProcess(world), 'b', () => Promise.reject(new Error('in')), 20);
  await assert.rejects(second, {
    code: 'TimedOut',
    message: /the lock of \S*h1\S* .*within 20 s: another run holds the lease \(do a, since 2026-/,
  });
  await first;
});

test('a dead holder is overtaken after the time to live by the contender’s own clock', async () => {
  const world = oneHost();
  const dying = new ProviderProcess(world);
  const died = hold(dying, 'a', async (_, sleep) => {
    dying.kill();
    await sleep(1);
  });
  await assert.rejects(died, Killed);
  assert.equal(holder(world), 'a');
  world.advance(3_600_000);
  const began = seconds(world);
  let waited = 0;
  await hold(new ProviderProcess(world), 'b', async () => {
    waited = seconds(world) - began;
  });
  assert.ok(
    waited >= leaseTimeToLiveSeconds && waited < leaseTimeToLiveSeconds + 5,
    String(waited),
  );
  assert.equal(holder(world), undefined);
});

test('a holder that was overtaken, or whose host was restarted, stops at its next step', async () => {
  const other = { holder: 'b-1', operation: 'do b', since: '2026-11-21T00:00:00Z' };
  for (const [change, sentence] of [
    [renderHostLock(other, 0), /a: the lock of \S*h1\S* was taken over by another run \(do b\)/],
    [undefined, /a: the lock of \S*h1\S* is gone/],
  ] as const) {
    const world = oneHost();
    const touched: string[] = [];
    const overtaken = hold(new ProviderProcess(world), 'a', async (lock, sleep) => {
      world.editMachine('h1', ({ files }) => {
        if (change === undefined) Reflect.deleteProperty(files, hostLockPath);
        else files[hostLockPath] = { content: change, mode: 0o600 };
      });
      await sleep(20);
      await lock.step('touch', async () => {
        touched.push('a step after the loss');
      });
    });
    await assert.rejects(overtaken, { code: 'HostLockLost', message: sentence });
    assert.deepEqual(touched, []);
    assert.equal(holder(world), change === undefined ? undefined : 'b');
  }
});

test('the lock is given back when the work fails', async () => {
  const world = oneHost();
  const failing = hold(new ProviderProcess(world), 'a', () => Promise.reject(new Error('failed')));
  await assert.rejects(failing, /failed/);
  assert.equal(holder(world), undefined);
});
