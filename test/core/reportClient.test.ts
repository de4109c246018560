import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  clientCsvHeader,
  missingTicks,
  parseClientCsv,
  renderClientRow,
  summarizeClient,
  type ClientRow,
} from '../../demo/report/clientRows';

const start = 1_795_248_000_000;

function answered(tick: number, latencyMs = 5): ClientRow {
  const plannedAtMs = start + tick * 20;
  return { plannedAtMs, startedAtMs: plannedAtMs, latencyMs, outcome: 'ok', servedBy: 'm1' };
}

test('figures of a run without failures', () => {
  const rows = [0, 1, 2, 3].map((tick) => answered(tick));
  assert.deepEqual(summarizeClient(rows), {
    planned: 4,
    requests: 4,
    failures: 0,
    longestGapMs: 20,
  });
});

test('a skipped tick is a failure, but no request', () => {
  const rows: ClientRow[] = [
    answered(0),
    { plannedAtMs: start + 20, outcome: 'skipped' },
    { plannedAtMs: start + 40, startedAtMs: start + 40, outcome: 'timeout' },
    answered(3),
  ];
  assert.deepEqual(summarizeClient(rows), {
    planned: 4,
    requests: 3,
    failures: 2,
    longestGapMs: 60,
  });
});

test('the gap is between ends of answers in the order they ended', () => {
  // The first answer takes 100 ms: the answers end at 25, 45, 65 and 100 ms.
  const rows = [answered(0, 100), answered(1), answered(2), answered(3)];
  assert.equal(summarizeClient(rows).longestGapMs, 35);
});

test('an outage that lasts to the end of the run counts as a gap', () => {
  const rows: ClientRow[] = [answered(0)];
  for (let tick = 1; tick <= 100; tick += 1) {
    rows.push({
      plannedAtMs: start + tick * 20,
      startedAtMs: start + tick * 20,
      outcome: 'refused',
    });
  }
  assert.equal(summarizeClient(rows).longestGapMs, 1995);
});

test('nothing recorded gives zeros', () => {
  assert.deepEqual(summarizeClient([]), {
    planned: 0,
    requests: 0,
    failures: 0,
    longestGapMs: 0,
  });
});

test('rows come back sorted, whatever order they were written in', () => {
  const rows = [answered(0), answered(1), answered(2)];
  const text = [clientCsvHeader, ...[...rows].reverse().map(renderClientRow), ''].join('\n');
  assert.deepEqual(parseClientCsv(text), rows);
});

test('every row survives being written and read', () => {
  const tenths = fc.nat(100_000).map((value) => value / 10);
  const row = fc.record(
    {
      plannedAtMs: tenths.map((value) => start + value),
      startedAtMs: tenths.map((value) => start + value),
      latencyMs: tenths,
      outcome: fc.constantFrom('ok', 'refused', 'timeout', 'short', 'skipped', 'http-503'),
      servedBy: fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
    },
    { requiredKeys: ['plannedAtMs', 'outcome'], noNullPrototype: true },
  ) as fc.Arbitrary<ClientRow>;
  fc.assert(
    fc.property(row, (value) => {
      assert.deepEqual(parseClientCsv(`${renderClientRow(value)}\n`), [value]);
    }),
  );
});

test('an answer that is no host name cannot forge columns', () => {
  const text = renderClientRow({ ...answered(0), servedBy: 'm1,\n0,0,0,ok,m2' });
  assert.equal(parseClientCsv(`${text}\n`).length, 1);
});

test('a half-written last line is a missing tick; any other damage is an error', () => {
  const text = [0, 1, 2].map((tick) => renderClientRow(answered(tick))).join('\n');
  assert.equal(parseClientCsv(text).length, 2);
  assert.throws(() => parseClientCsv(`${text}\nnonsense\n`), { code: 'ClientFileDamaged' });
});

test('a hole in the schedule is seen', () => {
  assert.equal(missingTicks([answered(0), answered(1), answered(4)], 20), 2);
  assert.equal(missingTicks([answered(0), answered(1)], 20), 0);
});
