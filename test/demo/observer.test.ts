import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../effects/clock';
import { startObserver, type ObservedManager } from '../../demo/observer';
import { parseObserverRows, type ObserverRow } from '../../demo/report/quorum';

/** Observes until `isEnough`, then returns the rows of the raw file. */
async function observe(
  managers: readonly ObservedManager[],
  isEnough: () => boolean,
): Promise<readonly ObserverRow[]> {
  const directory = await mkdtemp(join(tmpdir(), 'observer-'));
  try {
    const out = join(directory, 'observer.jsonl');
    const observer = await startObserver({ managers, out, intervalMs: 20, timeoutMs: 90 });
    while (!isEnough()) await systemClock.sleep(5);
    await observer.stop();
    return parseObserverRows(await readFile(out, 'utf8'));
  } finally {
    await rm(directory, { recursive: true });
  }
}

const errorsOf = (rows: readonly ObserverRow[], manager: string): readonly string[] =>
  rows
    .filter((row) => row.manager === manager)
    .map((row) => ('error' in row ? row.error : 'answered'));

test('every manager has a row at every tick, an answer or an error', async () => {
  let asked = 0;
  const rows = await observe(
    [
      { name: 'm1', ask: async () => ({ members: 3, reachable: ((asked += 1), 2) }) },
      { name: 'm2', ask: () => Promise.reject(new Error('connection refused')) },
      {
        name: 'm3',
        ask: () => {
          throw new Error('not even a promise');
        },
      },
    ],
    () => asked >= 5,
  );
  const ticks = new Set(rows.map((row) => row.at)).size;
  assert.equal(rows.length, ticks * 3);
  assert.deepEqual(new Set(errorsOf(rows, 'm1')), new Set(['answered']));
  assert.deepEqual(new Set(errorsOf(rows, 'm2')), new Set(['connection refused']));
  assert.deepEqual(new Set(errorsOf(rows, 'm3')), new Set(['not even a promise']));
});

test('a manager that hangs is asked once at a time, given up, asked again, and delays nobody', async () => {
  let open = 0;
  let most = 0;
  let asked = 0;
  let answered = 0;
  const rows = await observe(
    [
      {
        name: 'hanging',
        ask: (signal) => {
          asked += 1;
          open += 1;
          most = Math.max(most, open);
          signal.addEventListener('abort', () => (open -= 1));
          return new Promise(() => undefined);
        },
      },
      { name: 'well', ask: async () => ({ members: 1, reachable: ((answered += 1), 1) }) },
    ],
    () => asked >= 3,
  );
  assert.equal(most, 1);
  const errors = errorsOf(rows, 'hanging');
  assert.ok(errors.includes('still waiting'));
  assert.ok(errors.includes('no answer within 90 ms'));
  assert.equal(errors.length, errorsOf(rows, 'well').length);
  assert.ok(answered > asked);
});
