import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeCertificate } from '../../core/facts';
import { seenAsWorker } from '../../provider/operations/node/takeOut';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { ProviderProcess } from '../support/providerHarness';

const urn = 'urn:pulumi:test::test::swarm:index:Node::m1';

/** At which second a demoted node's engine was asked, whose certificate turns at `certificate` and whose manager ends at `end`. */
async function asked(
  end: number,
  certificate: (seconds: number) => NodeCertificate['role'] | undefined,
): Promise<readonly number[]> {
  const process = new ProviderProcess(new FakeWorld());
  const { clock } = process.effects;
  const began = clock.monotonicMs();
  const seconds = (): number => (clock.monotonicMs() - began) / 1_000;
  const asks: number[] = [];
  const docker = {
    info: () => {
      asks.push(seconds());
      return Promise.resolve({ localNodeState: 'active', isControlAvailable: seconds() < end });
    },
    nodeCertificate: () => {
      const role = certificate(seconds());
      return role === undefined
        ? Promise.reject(new Error('no right to read it'))
        : Promise.resolve({ clusterId: 'c', nodeId: 'n', role, isKeyEncrypted: false });
    },
  };
  await process.call('update', urn, (_, operation) =>
    seenAsWorker(operation, { docker } as never, 60),
  );
  return asks;
}

test('the engine of a demoted manager is asked only when its certificate is a worker’s', async () => {
  const asks = await asked(1, (now) => (now < 1 ? 'manager' : 'worker'));
  assert.deepEqual(asks, [1.25]);
});

test('a certificate that cannot be read, or never turns, is no reason not to ask', async () => {
  assert.equal((await asked(0.3, () => undefined))[0], 0);
  assert.deepEqual(await asked(3, () => 'manager'), [10.25]);
});
