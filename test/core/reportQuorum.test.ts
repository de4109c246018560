import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  majorityHeld,
  parseObserverRows,
  summarizeQuorum,
  type ObserverRow,
} from '../../demo/report/quorum';

const at = (tick: number): string => new Date(1_795_248_000_000 + tick * 500).toISOString();
const says = (tick: number, manager: string, members: number, reachable: number): ObserverRow => ({
  at: at(tick),
  manager,
  members,
  reachable,
});
const silent = (tick: number, manager: string): ObserverRow => ({
  at: at(tick),
  manager,
  error: 'still waiting',
});

test('one sample per tick; where managers differ the worst view counts', () => {
  const { samples } = summarizeQuorum([
    says(0, 'm1', 3, 3),
    says(0, 'm2', 2, 2),
    says(1, 'm1', 3, 2),
    silent(1, 'm2'),
  ]);
  assert.deepEqual(samples, [
    { at: at(0), members: 3, reachable: 2 },
    { at: at(1), members: 3, reachable: 2 },
  ]);
});

test('ticks that nobody answered are counted, with the longest run and its stretch', () => {
  const summary = summarizeQuorum([
    says(0, 'm1', 3, 3),
    silent(1, 'm1'),
    says(2, 'm1', 3, 3),
    silent(3, 'm1'),
    silent(3, 'm2'),
    silent(4, 'm1'),
    silent(5, 'm1'),
    says(6, 'm1', 3, 3),
    silent(7, 'm1'),
  ]);
  assert.deepEqual(summary.unanswered, { samples: 5, longestRun: 3 });
  assert.deepEqual(summary.unansweredStretches, [
    { from: at(1), to: at(2) },
    { from: at(3), to: at(6) },
    { from: at(7), to: at(7) },
  ]);
  assert.equal(majorityHeld(summary), true);
});

test('the majority is of the members, not of those who answer', () => {
  const cases: readonly (readonly [number, number, boolean])[] = [
    [1, 1, true],
    [2, 1, false],
    [2, 2, true],
    [3, 2, true],
    [3, 1, false],
    [4, 2, false],
    [5, 3, true],
  ];
  for (const [members, reachable, held] of cases) {
    assert.equal(
      majorityHeld(summarizeQuorum([says(0, 'm1', members, reachable)])),
      held,
      `${reachable} of ${members}`,
    );
  }
});

test('no answer at all is not "held"', () => {
  assert.equal(majorityHeld(summarizeQuorum([])), false);
  assert.equal(majorityHeld(summarizeQuorum([silent(0, 'm1')])), false);
});

test('every tick is either a sample or unanswered, in any order of rows', () => {
  const row = fc.oneof(
    fc
      .tuple(fc.nat(20), fc.constantFrom('m1', 'm2', 'm3'), fc.nat(7), fc.nat(7))
      .map(([tick, manager, members, reachable]) => says(tick, manager, members, reachable)),
    fc.tuple(fc.nat(20), fc.constantFrom('m1', 'm2')).map(([tick, name]) => silent(tick, name)),
  );
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      const summary = summarizeQuorum(rows);
      const ticks = new Set(rows.map((entry) => entry.at)).size;
      assert.equal(summary.samples.length + summary.unanswered.samples, ticks);
      assert.ok(summary.unanswered.longestRun <= summary.unanswered.samples);
      assert.deepEqual(summarizeQuorum([...rows].reverse()), summary);
    }),
  );
});

test('the raw file: a torn last line is left out, other damage is an error', () => {
  const rows = [says(0, 'm1', 3, 3), silent(0, 'm2')];
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  assert.deepEqual(parseObserverRows(`${text}{"at":"2026`), rows);
  assert.throws(() => parseObserverRows(`{"at":1}\n${text}`), { code: 'RawFileDamaged' });
});
