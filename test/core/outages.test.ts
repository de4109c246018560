import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientRow } from '../../demo/report/clientRows';
import { outagesOf } from '../../demo/report/outages';

const row = (tick: number, outcome: ClientRow['outcome']): ClientRow => ({
  plannedAtMs: tick * 10,
  outcome,
});

test('ticks without an answer that follow each other are one outage', () => {
  const outcomes = ['ok', 'timeout', 'skipped', 'ok', 'ok', 'refused'] as const;
  const rows = outcomes.map((outcome, tick) => row(tick, outcome));
  assert.deepEqual(
    outagesOf(rows).map(({ fromMs, rows: lost }) => [fromMs, lost.length]),
    [
      [10, 2],
      [50, 1],
    ],
  );
  assert.deepEqual(outagesOf([row(0, 'ok')]), []);
});
