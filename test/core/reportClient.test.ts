import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { gapsOver } from '../../demo/report/clientGaps';
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
    skipped: 0,
    longestGapMs: 20,
    longestGapFromMs: start + 5,
    longestPathGapMs: 20,
    longestStallMs: 0,
  });
});

test('a skipped tick is no request, and part of a gap', () => {
  const rows: ClientRow[] = [
    answered(0),
    { plannedAtMs: start + 20, outcome: 'skipped' },
    { plannedAtMs: start + 40, startedAtMs: start + 40, outcome: 'timeout' },
    answered(3),
  ];
  assert.deepEqual(summarizeClient(rows), {
    planned: 4,
    requests: 3,
    failures: 1,
    skipped: 1,
    longestGapMs: 60,
    longestGapFromMs: start + 5,
    longestPathGapMs: 60,
    longestStallMs: 0,
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

/** A tick whose answer, or whose own server's answer, comes this late. */
function late(tick: number, latencyMs: number, controlMs: number): ClientRow {
  return { ...answered(tick, latencyMs), controlMs };
}

const gapTables = [
  ['a stall of the client is taken out, but for 30 ms', 205, 205, 30],
  ['a service that is silent while the client is well is the path', 205, 5, 200],
  ['half of each', 205, 105, 130],
] as const;

for (const [what, latencyMs, controlMs, pathMs] of gapTables) {
  test(`the longest gap: ${what}`, () => {
    // Ticks of 20 ms; those of the gap are all answered at its end, and the client's own server sooner.
    const rows: ClientRow[] = [late(0, 5, 5)];
    for (let tick = 1; tick <= 10; tick += 1) {
      const after = (endMs: number): number => Math.max(5, endMs - tick * 20);
      rows.push(late(tick, after(latencyMs), after(controlMs)));
    }
    rows.push(late(11, 5, 5));
    const seen = summarizeClient(rows);
    assert.equal(seen.longestGapMs, 200);
    assert.equal(seen.longestPathGapMs, pathMs);
    assert.equal(seen.longestGapFromMs, start + 5);
  });
}

test('what is taken out of a gap is never more than the gap, and nothing without a control', () => {
  const row = fc.record({ latencyMs: fc.nat(400), controlMs: fc.option(fc.nat(400)) });
  fc.assert(
    fc.property(fc.array(row, { minLength: 2, maxLength: 40 }), (list) => {
      const rows = list.map(({ latencyMs, controlMs }, tick) => ({
        ...answered(tick, latencyMs),
        ...(controlMs === null ? {} : { controlMs }),
      }));
      for (const { ms, pathMs } of gapsOver(rows, 0)) assert.ok(pathMs > 0 && pathMs <= ms);
      const bare = rows.map((each) => ({ ...each, controlMs: undefined }));
      for (const { ms, pathMs } of gapsOver(bare as never, 0)) assert.equal(pathMs, ms);
    }),
  );
});

test('nothing recorded gives zeros', () => {
  assert.deepEqual(summarizeClient([]), {
    planned: 0,
    requests: 0,
    failures: 0,
    skipped: 0,
    longestGapMs: 0,
    longestGapFromMs: null,
    longestPathGapMs: 0,
    longestStallMs: 0,
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
      controlMs: tenths,
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
