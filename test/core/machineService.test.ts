import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startMachineService } from '../../bench/machines/machineService';
import type { Lab } from '../../effects/lab';

test('a service of machines is closed when none is being rebuilt any more, whoever has gone', async () => {
  let begun: () => void = () => undefined;
  let finish: () => void = () => undefined;
  const isBegun = new Promise<void>((resolve) => (begun = resolve));
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const lab = {
    record: () => Promise.resolve({ id: 'i', subnet: '10.0.0.0/24', address: '10.0.0.1' }),
    hostKey: () => Promise.resolve({ privateKey: '', publicKey: '' }),
    remove: () => Promise.resolve(),
    ensure: () => {
      begun();
      return finished;
    },
  } as unknown as Lab;
  const machines = await startMachineService(lab, 'x');
  const asked = fetch(`${machines.url}/m1?os=debian:13`, { method: 'POST' });
  await isBegun;
  let isClosed = false;
  const closed = machines.close().then(() => (isClosed = true));
  await assert.rejects(asked);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(isClosed, false);
  finish();
  await closed;
});
