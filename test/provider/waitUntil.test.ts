import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitUntil } from '../../provider/operations/ask/waitUntil';
import type { Heed } from '../../provider/operations/ask/waitUntil';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { ProviderProcess } from '../support/providerHarness';

const urn = 'urn:pulumi:test::test::swarm:index:Node::m1';

/** Waits for what comes true after so many seconds; at which of them it was looked at, and who listens in the end. */
async function wait(
  seconds: number,
  listen: (wake: () => void, sleep: (seconds: number) => Promise<void>) => void,
): Promise<{ readonly looks: readonly number[]; readonly listening: number }> {
  const process = new ProviderProcess(new FakeWorld());
  const { clock } = process.effects;
  const began = clock.monotonicMs();
  const looks: number[] = [];
  let listening = 0;
  const docker: Parameters<Heed>[0] = {
    listen: (wake) => {
      listening += 1;
      listen(wake, (after) => clock.sleep(after * 1_000));
      return () => (listening -= 1);
    },
  };
  await process.call('update', urn, (_, operation) =>
    waitUntil(operation, 'it', 60, (heed) => {
      heed(docker);
      const now = (clock.monotonicMs() - began) / 1_000;
      looks.push(now);
      return Promise.resolve(now >= seconds || 'not yet');
    }),
  );
  return { looks, listening };
}

test('without an event: looked at after 50 ms, then ever more seldom, at most each 500 ms', async () => {
  const { looks, listening } = await wait(1.3, () => undefined);
  assert.deepEqual(looks, [0, 0.05, 0.15, 0.35, 0.75, 1.25, 1.75]);
  assert.equal(listening, 0);
});

test('an event: looked at at once, and nobody listens afterwards', async () => {
  const { looks, listening } = await wait(0.9, (wake, sleep) => void sleep(0.9).then(wake));
  assert.deepEqual(looks, [0, 0.05, 0.15, 0.35, 0.75, 0.9]);
  assert.equal(listening, 0);
});

test('an event says nothing: what it does not make true is waited for as before', async () => {
  const { looks } = await wait(1.5, (wake, sleep) => void sleep(0.9).then(wake));
  assert.deepEqual(looks, [0, 0.05, 0.15, 0.35, 0.75, 0.9, 0.95, 1.05, 1.25, 1.65]);
});

test('a flood of events: looked at every 50 ms', async () => {
  const { looks } = await wait(0.4, (wake, sleep) => {
    const flood = async (): Promise<void> => {
      for (let count = 0; count < 100; count += 1) {
        wake();
        await sleep(0.01);
      }
    };
    void flood();
  });
  assert.deepEqual(looks, [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4]);
});
