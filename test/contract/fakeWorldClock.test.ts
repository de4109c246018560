import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { MemoryStore } from '../support/fakeWorld/store';

describe('clock of the fake world', () => {
  it('wakes sleepers in the order of their time, also when several are due at once', async () => {
    const { clock } = new FakeWorld().effects();
    const woken: number[] = [];
    await Promise.all(
      [3_000, 100, 8_000, 101, 500].map(async (milliseconds) => {
        await clock.sleep(milliseconds);
        woken.push(milliseconds);
      }),
    );
    assert.deepEqual(woken, [100, 101, 500, 3_000, 8_000]);

    const world = new FakeWorld();
    const late = world.effects().clock;
    const due = [40, 10, 30].map(async (milliseconds) => {
      await late.sleep(milliseconds);
      woken.push(milliseconds);
    });
    woken.length = 0;
    world.advance(1_000);
    await Promise.all(due);
    assert.deepEqual(woken, [10, 30, 40]);
  });

  it('with idleMs stands still as long as somebody asks for something within that time', async () => {
    const world = new FakeWorld(new MemoryStore(), { operationMs: 0, idleMs: 200 });
    world.addHost({ name: 'h1', address: '10.88.0.11' });
    const { clock, hosts } = world.effects();
    const begun = clock.monotonicMs();
    const slept = clock.sleep(1_000);
    for (let asked = 0; asked < 30; asked += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      await hosts.connect({ host: 'h1', user: 'root' }).catch(() => undefined);
      assert.equal(clock.monotonicMs(), begun);
    }
    await slept;
    assert.equal(clock.monotonicMs(), begun + 1_000);
  });

  it('lets a background loop run at its own pace beside a faster one', async () => {
    const { clock } = new FakeWorld().effects();
    const began = clock.monotonicMs();
    const stop = new AbortController();
    let renewals = 0;
    const renewing = (async () => {
      for (;;) {
        await clock.sleep(8_000, stop.signal);
        renewals += 1;
      }
    })().catch(() => undefined);
    for (let polls = 0; polls < 200; polls += 1) await clock.sleep(500);
    stop.abort();
    await renewing;
    assert.equal(clock.monotonicMs() - began, 100_000);
    assert.equal(renewals, 12);
  });

  it('forgets a sleeper that was aborted: time does not go on to it', async () => {
    const { clock } = new FakeWorld().effects();
    const began = clock.monotonicMs();
    const stop = new AbortController();
    const sleeping = assert.rejects(clock.sleep(3_600_000, stop.signal), /enough/);
    await clock.sleep(1_000);
    stop.abort(new Error('enough'));
    await sleeping;
    await clock.sleep(1_000);
    assert.equal(clock.monotonicMs() - began, 2_000);
    await assert.rejects(clock.sleep(1, AbortSignal.abort(new Error('too late'))), /too late/);
  });
});
