import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readReliabilityPage, renderReliabilityPage } from '../../scenarios/report/reliabilityPage';
import {
  combineRuns,
  mergeRows,
  parseRows,
  type ScenarioRow,
} from '../../scenarios/report/scenarioRow';
import { scenarios } from '../../scenarios/registry';
import { checkout } from '../support/checkout';

const row: ScenarioRow = {
  name: 'manager-off-before',
  number: 1,
  title: 'a manager is off',
  holds: 'preview says so',
  done: ['cut the power of m3'],
  seen: ['preview fails'],
  verdict: 'held',
  seconds: 12.3,
  os: 'debian:12',
  engine: '20.10.24',
  kernel: '6.1.0',
  commit: 'abc1234',
  date: '2026-11-21T11:00:00.000Z',
  command: 'npm run scenario -- manager-off-before',
};

describe('docs/reliability.md', () => {
  test('is what its own rows render to: nobody typed it', () => {
    const page = readFileSync(join(checkout, 'docs', 'reliability.md'), 'utf8');
    assert.equal(renderReliabilityPage(readReliabilityPage(page)), page);
  });

  test('has rows of scenarios that there are', () => {
    const page = readFileSync(join(checkout, 'docs', 'reliability.md'), 'utf8');
    const names = scenarios.map(({ name }) => name);
    for (const { name } of readReliabilityPage(page)) assert.ok(names.includes(name), name);
  });

  test('keeps every row, whatever a machine said in it', () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom('-->', '<!-- {', '| a | b', '{"name":1}\n{', '\n\n# x', '</table>'),
    );
    fc.assert(
      fc.property(fc.array(text), text, (lines, reason) => {
        const rows = [{ ...row, done: lines, seen: lines, reason }];
        assert.deepEqual(readReliabilityPage(renderReliabilityPage(rows)), rows);
      }),
    );
  });

  test('shows every run of a scenario with its figures, and keeps them', () => {
    const runs = [
      { verdict: 'held', seconds: 100, figures: { failures: '0', 'longest gap': '41 ms' } },
      { verdict: 'not held', seconds: 99, figures: { failures: '2' } },
    ] as const;
    const page = renderReliabilityPage([{ ...row, runs: [...runs] }]);
    assert.match(page, /^\| run \| verdict \| seconds \| failures \| longest gap \|$/m);
    assert.match(page, /^\| 1 \| held \| 100 \| 0 \| 41 ms \|$/m);
    assert.match(page, /^\| 2 \| not held \| 99 \| 2 \|  \|$/m);
    assert.deepEqual(readReliabilityPage(page), [{ ...row, runs }]);
  });

  test('a page without rows has none, and a damaged one is an error with its source', () => {
    assert.deepEqual(readReliabilityPage(renderReliabilityPage([])), []);
    assert.deepEqual(readReliabilityPage('# something else'), []);
    const damaged = renderReliabilityPage([row]).replace('"number":1', '"number":"one"');
    assert.throws(
      () => readReliabilityPage(damaged),
      /docs\/reliability\.md: cannot be understood/,
    );
  });
});

describe('rows of runs', () => {
  test('of two for one scenario the later counts, and the others stay', () => {
    const later = { ...row, date: '2026-11-22T11:00:00.000Z', verdict: 'not held' as const };
    const other = { ...row, name: 'another', number: 9 };
    assert.deepEqual(mergeRows([later, other], [row]), [later, other]);
    assert.deepEqual(mergeRows([other, row], [later]), [later, other]);
  });

  test('come back from JSON as they were', () => {
    assert.deepEqual(parseRows(JSON.stringify([row]), 'x'), [row]);
    assert.throws(() => parseRows('[{}]', 'out/x.json'), /^SwarmError: out\/x\.json: cannot be/);
  });
});

describe('several runs of one scenario', () => {
  const run = { verdict: 'held' as const, seconds: 12.3, figures: { gap: '9 ms' } };

  test('are one row with a line for each, and the command that repeats them', () => {
    const second = { ...row, date: '2026-11-22T11:00:00.000Z', runs: [run] };
    assert.deepEqual(combineRuns([row, second]), {
      ...second,
      seconds: 24.6,
      runs: [{ verdict: 'held', seconds: 12.3, figures: {} }, run],
      command: 'npm run scenario -- manager-off-before --times 2',
    });
    assert.deepEqual(combineRuns([row]), row);
    const page = renderReliabilityPage([combineRuns([row, second])]);
    assert.equal(renderReliabilityPage(readReliabilityPage(page)), page);
  });

  test('held only when all of them did: the first that did not tells why', () => {
    const failed = { ...row, verdict: 'not held' as const, reason: 'a gap of 212 ms' };
    const combined = combineRuns([row, failed, row]);
    assert.equal(combined.verdict, 'not held');
    assert.equal(combined.reason, 'a gap of 212 ms');
    assert.equal(combined.runs?.length, 3);
  });
});

describe('scenarios', () => {
  test('have names of their own that can be typed and linked to', () => {
    const names = scenarios.map(({ name }) => name);
    assert.deepEqual([...new Set(names)], names);
    for (const name of names) assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)*$/);
  });

  test('are listed in the order of their numbers', () => {
    const numbers = scenarios.map(({ number }) => number);
    assert.deepEqual(
      numbers,
      [...numbers].sort((a, b) => a - b),
    );
  });
});
