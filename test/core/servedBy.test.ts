import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientRow } from '../../demo/report/clientRows';
import { addressMoves, cutUnderWay } from '../../demo/report/servedBy';

function rowsOf(answers: readonly (string | undefined)[]): readonly ClientRow[] {
  return answers.map((servedBy, tick) => {
    const at = { plannedAtMs: tick * 10, startedAtMs: tick * 10 };
    return servedBy === undefined
      ? { ...at, outcome: 'timeout' }
      : { ...at, latencyMs: 1, outcome: 'ok', servedBy };
  });
}

const tables: readonly (readonly [
  string,
  readonly (string | undefined)[],
  readonly (readonly [string, string, number])[],
])[] = [
  ['nothing was answered', [undefined, undefined], []],
  ['it stays', ['m1', 'm1', 'm1'], []],
  ['it moves at once', ['m1', 'm1', 'm2', 'm2'], [['m1', 'm2', 20]]],
  ['it moves over an outage', ['m1', undefined, undefined, 'm2'], [['m1', 'm2', 30]]],
  ['a late answer of the former one', ['m1', 'm2', 'm1', 'm2', 'm2'], [['m1', 'm2', 30]]],
  [
    'there and back',
    ['m1', 'm2', 'm2', 'm1', 'm1'],
    [
      ['m1', 'm2', 10],
      ['m2', 'm1', 30],
    ],
  ],
];

for (const [what, answers, moves] of tables) {
  test(`moves of the virtual IP: ${what}`, () => {
    assert.deepEqual(
      addressMoves(rowsOf(answers)).map(({ from, to, atMs }) => [from, to, atMs]),
      moves,
    );
  });
}

test('a request is cut under way when it began before the move and was reset, not later and not otherwise', () => {
  const rows: readonly ClientRow[] = rowsOf([
    'm1',
    undefined,
    undefined,
    'm2',
    'm2',
    undefined,
  ]).map((row, tick): ClientRow => (tick === 1 || tick === 5 ? { ...row, outcome: 'reset' } : row));
  const cut = cutUnderWay(rows, addressMoves(rows));
  assert.deepEqual(
    cut.map(({ startedAtMs }) => startedAtMs),
    [10],
  );
});
