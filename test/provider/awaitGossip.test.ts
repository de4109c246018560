import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IngressFacts } from '../../core/facts';
import { awaitGossip } from '../../provider/operations/node/awaitGossip';
import type { OverlayEnd } from '../../provider/operations/node/tryOverlay';
import type { Operation } from '../../provider/server/resource';

const ends = ['10.88.0.11', '10.88.0.21'].map((address, index): OverlayEnd => {
  const name = index === 0 ? 'm1' : 'w1';
  return { name, address, connection: { lab: 'test', machine: name } };
});

/** How long the first packet is held back, in ms, by what the engines say at each moment. */
async function heldFor(
  says: (machine: string, nowMs: number) => IngressFacts | undefined,
): Promise<number> {
  let nowMs = 0;
  const operation = {
    effects: {
      clock: {
        monotonicMs: () => nowMs,
        sleep: (milliseconds: number) => Promise.resolve(void (nowMs += milliseconds)),
      },
      hosts: {
        connect: ({ machine }: { readonly machine: string }) =>
          Promise.resolve({
            docker: { ingressNetwork: () => Promise.resolve().then(() => says(machine, nowMs)) },
          }),
      },
    },
  } as unknown as Operation;
  const [m1, w1] = ends;
  assert.ok(m1 !== undefined && w1 !== undefined);
  await awaitGossip(operation, w1, m1);
  return nowMs;
}

const whole = (address: string): IngressFacts => ({
  ...{ id: 'ingress', address },
  peers: ends.map((end) => end.address),
});

test('ends that know each other are tried at once', async () => {
  assert.equal(await heldFor(whole), 0);
});

test('the first packet waits until both have heard, and for one more round of gossip', async () => {
  const held = await heldFor((machine, nowMs) =>
    machine === 'm1' && nowMs < 300 ? { ...whole('10.0.0.2'), peers: ['10.88.0.11'] } : whole(''),
  );
  assert.equal(held, 300 + 250);
  const late = await heldFor((machine, nowMs) =>
    machine === 'w1' && nowMs < 200 ? { ...whole(''), address: undefined } : whole('10.0.0.2'),
  );
  assert.equal(late, 200 + 250);
});

test('one whose address is another one to the others, and one that cannot be asked, hold it back for two seconds', async () => {
  const translated = await heldFor(() => ({ ...whole('10.0.0.2'), peers: ['192.0.2.1'] }));
  assert.equal(translated, 2_000 + 250);
  const silent = await heldFor(() => {
    throw new Error('no answer');
  });
  assert.equal(silent, 2_000 + 250);
});
