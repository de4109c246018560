import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeCertificate } from '../../core/facts';
import { seenAsWorker, seenOutOfRaft } from '../../provider/operations/node/ownDemotion';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { ProviderProcess } from '../support/providerHarness';

const urn = 'urn:pulumi:test::test::swarm:index:Node::m1';

interface Demoted {
  /** The second at which its manager has ended. */
  readonly end: number;
  /** Undefined: it cannot be read. */
  readonly certificate: (seconds: number) => NodeCertificate['role'] | undefined;
  /** 'unreadable': as it says. */
  readonly raftLog: (seconds: number) => boolean | undefined | 'unreadable';
}

/** At which second a demoted node's engine was asked, and that the wait was over. */
async function asked(
  wait: typeof seenAsWorker,
  { end, certificate, raftLog }: Demoted,
): Promise<{ readonly asks: readonly number[]; readonly over: number }> {
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
    hasRaftLog: () => {
      const has = raftLog(seconds());
      return has === 'unreadable'
        ? Promise.reject(new Error('no right to read it'))
        : Promise.resolve(has);
    },
  };
  await process.call('update', urn, (_, operation) => wait(operation, { docker } as never, 60));
  return { asks, over: seconds() };
}

const silent: Omit<Demoted, 'end'> = { certificate: () => 'manager', raftLog: () => true };

test('one that stays: its engine is asked only when its certificate is a worker’s', async () => {
  const certificate = (now: number): NodeCertificate['role'] => (now < 1 ? 'manager' : 'worker');
  const { asks } = await asked(seenAsWorker, { ...silent, end: 1, certificate });
  assert.deepEqual(asks, [1.25]);
});

test('a certificate that cannot be read, or never turns, is no reason not to ask', async () => {
  const unreadable = await asked(seenAsWorker, {
    ...silent,
    end: 0.3,
    certificate: () => undefined,
  });
  assert.equal(unreadable.asks[0], 0);
  assert.deepEqual((await asked(seenAsWorker, { ...silent, end: 3 })).asks, [10.25]);
});

test('one that leaves is waited for until its log of raft is gone, and is never asked', async () => {
  const { asks, over } = await asked(seenOutOfRaft, {
    ...{ ...silent, end: 5 },
    raftLog: (now) => now < 0.2,
  });
  assert.deepEqual(asks, []);
  assert.equal(over, 0.35);
});

test('a log that cannot be read, that never was, or that stays is no reason not to ask', async () => {
  const certificate = (now: number): NodeCertificate['role'] => (now < 1 ? 'manager' : 'worker');
  for (const raftLog of [undefined, 'unreadable'] as const) {
    const demoted = { end: 1, certificate, raftLog: () => raftLog };
    const { asks } = await asked(seenOutOfRaft, demoted);
    assert.deepEqual(asks, [1.25]);
  }
  assert.deepEqual((await asked(seenOutOfRaft, { ...silent, end: 3 })).asks, [10.25]);
});
