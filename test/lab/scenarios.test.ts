import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { diffInventory, takeInventory, type HostInventory } from '../../lab/inventory';
import { clearLab } from '../../scenarios/clearLab';
import { defaultLab, markOf } from '../../scenarios/places';
import { markedProcesses } from '../../scenarios/markedProcesses';
import { scenarios } from '../../scenarios/registry';
import { parseRows } from '../../scenarios/report/scenarioRow';
import { exclusively, runScenarios } from '../../scenarios/runScenarios';
import { reasonToSkip } from './support/testLab';

void reasonToSkip().then((reason) => {
  if (reason === undefined) suite();
  else test(reason, { skip: reason });
});

/** The telling ones, as `npm run scenario` runs them, with a report that leaves the checkout's alone. */
function suite(): void {
  describe('faults, on real machines', () => {
    const directory = mkdtempSync(join(tmpdir(), 'swarm-scenarios-'));
    const files = { json: join(directory, 'report.json'), page: join(directory, 'page.md') };
    const chosen = scenarios.filter(({ isTelling }) => isTelling === true);
    let untouched: HostInventory;

    before(async () => {
      // What a run left that was killed goes with the first scenario: it is not of the computer as these found it.
      await exclusively(defaultLab.name, () => clearLab(defaultLab));
      untouched = takeInventory({ lab: defaultLab.name });
    });
    after(() => {
      rmSync(directory, { recursive: true, force: true });
    });

    assert.ok(chosen.length > 0, 'no scenario is a telling one');
    for (const scenario of chosen) {
      test(`${scenario.title}: ${scenario.holds}`, async () => {
        const [row] = await runScenarios([scenario], files, {
          lab: defaultLab,
          mayGoldenBeOlder: false,
          signal: new AbortController().signal,
          say: (line) => {
            console.log(line);
          },
        });
        assert.equal(row?.verdict, 'held', row?.reason);
      });
    }

    test('each has its row, and nothing is left on this computer', () => {
      const rows = parseRows(readFileSync(files.json, 'utf8'), files.json);
      assert.deepEqual(rows.map(({ name }) => name).sort(), chosen.map(({ name }) => name).sort());
      assert.deepEqual(diffInventory(untouched, takeInventory({ lab: defaultLab.name })), []);
      assert.deepEqual(markedProcesses(markOf(defaultLab)), []);
    });
  });
}
