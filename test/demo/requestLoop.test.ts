import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../effects/clock';
import type { ProbeResult } from '../../demo/httpProbe';
import type { ClientRow } from '../../demo/report/clientRows';
import { startRequestLoop } from '../../demo/requestLoop';

const answer: ProbeResult = { outcome: 'ok', latencyMs: 1, servedBy: 'm1' };

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await systemClock.sleep(2);
}

test('a stall of this process shifts no tick, and loses none', async () => {
  const rows: ClientRow[] = [];
  const loop = startRequestLoop({
    intervalMs: 5,
    maximumLateMs: 20,
    clock: systemClock,
    probe: () => Promise.resolve(answer),
    onRow: (row) => rows.push(row),
  });
  await until(() => rows.length > 5);
  const stalledUntil = performance.now() + 100;
  while (performance.now() < stalledUntil);
  const before = rows.length;
  await until(() => rows.length > before + 30);
  await loop.stop();

  const planned = rows.map((row) => row.plannedAtMs).sort((a, b) => a - b);
  planned.forEach((at, index) => {
    assert.equal(at, (planned[0] ?? 0) + index * 5);
  });
  const skipped = rows.filter((row) => row.outcome === 'skipped');
  assert.ok(skipped.length >= 10, `${skipped.length} of about 16 late ticks are skipped`);
  assert.ok(skipped.every((row) => row.startedAtMs === undefined));
});

test('slow requests hold no other back, up to the limit; beyond it ticks are skipped', async () => {
  const rows: ClientRow[] = [];
  const pending: ((result: ProbeResult) => void)[] = [];
  const loop = startRequestLoop({
    intervalMs: 2,
    maximumInFlight: 10,
    clock: systemClock,
    probe: () => new Promise((resolve) => pending.push(resolve)),
    onRow: (row) => rows.push(row),
  });
  await until(() => rows.length >= 5);
  assert.equal(pending.length, 10);
  assert.ok(rows.every((row) => row.outcome === 'skipped'));

  const stopped = loop.stop();
  const skipped = rows.length;
  for (const resolve of pending) resolve(answer);
  await stopped;
  assert.equal(rows.length, skipped + 10);
});
