import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dropInPath } from '../../core/keepalived/keepalivedDropIn';
import { keepalivedPath, keepalivedUnit } from '../../core/keepalived/keepalivedUnit';
import { awaitVipStopped, beginVipStop } from '../../provider/operations/vip/stopVip';
import type { Operation } from '../../provider/server/resource';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { ProviderProcess } from '../support/providerHarness';

const urn = 'urn:pulumi:test::test::swarm:index:VipMember::m1';

interface Keepalived {
  state: string;
  isEnabled: boolean;
  readonly files: Map<string, string>;
}

/** A host whose keepalived takes a second to end, as a real one does. */
async function onHost(
  begin: Partial<Keepalived>,
  action: (operation: Operation, host: never, keepalived: Keepalived) => Promise<void>,
): Promise<void> {
  const process = new ProviderProcess(new FakeWorld());
  const { clock } = process.effects;
  const keepalived: Keepalived = {
    ...{ state: 'active', isEnabled: true },
    files: new Map([keepalivedPath, dropInPath].map((path) => [path, 'ours'])),
    ...begin,
  };
  const systemd = {
    state: () => Promise.resolve(keepalived.state),
    stop: async () => {
      keepalived.state = 'deactivating';
      await clock.sleep(1_000);
      keepalived.state = 'inactive';
    },
    disable: (unit: string) => {
      assert.equal(unit, keepalivedUnit);
      keepalived.isEnabled = false;
      return Promise.resolve();
    },
    daemonReload: () => Promise.resolve(),
  };
  const files = {
    read: (path: string) => Promise.resolve(keepalived.files.get(path)),
    remove: (path: string) => Promise.resolve(void keepalived.files.delete(path)),
  };
  const answer = await process.call('delete', urn, async (_, operation) => {
    await action(operation, { systemd, files } as never, keepalived);
    return {};
  });
  assert.deepEqual(answer, {});
}

test('a stop is begun without waiting for its end, and without its file nobody begins it again', async () => {
  await onHost({}, async (operation, host, keepalived) => {
    const before = operation.effects.clock.monotonicMs();
    await beginVipStop(operation, host);
    assert.equal(keepalived.state, 'deactivating');
    assert.ok(operation.effects.clock.monotonicMs() - before < 500);
    // What its unit does at its end, and for that systemd must know it.
    assert.deepEqual([...keepalived.files.keys()], [dropInPath]);
  });
});

test('its end is awaited before what it needs for that goes', async () => {
  await onHost({}, async (operation, host, keepalived) => {
    await beginVipStop(operation, host);
    await awaitVipStopped(operation, host);
    assert.equal(keepalived.state, 'inactive');
    assert.equal(keepalived.isEnabled, false);
    assert.equal(keepalived.files.size, 0);
  });
});

test('a stop that is refused is an error, and the file stays', async () => {
  await onHost({}, async (operation, host: { systemd: { stop: unknown } }, keepalived) => {
    host.systemd.stop = () => Promise.reject(new Error('the unit is masked'));
    await assert.rejects(beginVipStop(operation, host as never), /the unit is masked/);
    assert.ok(keepalived.files.has(keepalivedPath));
  });
});

test('what an interrupted run has begun is ended by the next one', async () => {
  const files = new Map([[dropInPath, 'ours']]);
  await onHost({ state: 'inactive', files }, async (operation, host, keepalived) => {
    await awaitVipStopped(operation, host);
    assert.deepEqual([keepalived.isEnabled, keepalived.files.size], [false, 0]);
  });
});

test('a keepalived that was not to stop, or runs without its file, is left alone', async () => {
  const own = { state: 'active' };
  const somebodys = { state: 'active', files: new Map([[dropInPath, 'ours']]) };
  const none = { state: 'inactive', files: new Map<string, string>() };
  for (const begin of [own, somebodys, none]) {
    await onHost(begin, async (operation, host, keepalived) => {
      const before = [...keepalived.files.keys()];
      await awaitVipStopped(operation, host);
      assert.equal(keepalived.isEnabled, true);
      assert.deepEqual([...keepalived.files.keys()], before);
    });
  }
});
