import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { before, beforeEach, afterEach, describe, test } from 'node:test';
import { createLab } from '../../effects/labMachines';
import {
  defaultDirectories,
  labPaths,
  machinePaths,
  namespacePath,
  runtimeDirectory,
} from '../../effects/labMachines/layout';
import { machineProcesses } from '../../effects/labMachines/processes';
import { diffInventory, takeInventory, type HostInventory } from '../../lab/inventory';
import type { LabMachineSpec } from '../../effects/lab';
import { until } from '../../scenarios/until';
import { machineSpec, reasonToSkip, takeDown } from './support/testLab';

const testLab = 'lab-test-crash';

void reasonToSkip().then((reason) => {
  if (reason === undefined) suite();
  else test(reason, { skip: reason });
});

function suite(): void {
  describe('after a crash', () => {
    const lab = createLab();
    let untouched: HostInventory;
    const assertClean = (): void => {
      assert.deepEqual(diffInventory(untouched, takeInventory({ lab: testLab })), []);
    };

    before(() => takeDown(testLab));
    beforeEach(() => {
      untouched = takeInventory({ lab: testLab });
    });
    afterEach(() => takeDown(testLab));

    for (const [sentence, delayMs] of [
      ['making', 0],
      ['making', 30],
      ['making', 60],
      ['booting', 0],
      ['booting', 40],
      ['waiting', 0],
      ['waiting', 150],
    ] as const) {
      const moment = `${String(delayMs)} ms after "${sentence} …"`;

      test(`of the creating process ${moment}: down leaves nothing`, async () => {
        await createAndKill(
          machineSpec(testLab, 'k1', 'debian:13', '10.91.1.21'),
          sentence,
          delayMs,
        );
        await takeDown(testLab);
        assertClean();
      });

      test(`of the creating process ${moment}: the same request goes on to the end`, async () => {
        const spec = machineSpec(testLab, 'k1', 'debian:13', '10.91.1.21');
        await createAndKill(spec, sentence, delayMs);
        assert.equal((await lab.ensure(spec, () => undefined)).isRunning, true);
        await lab.remove(testLab, 'k1', spec.id);
        assertClean();
      });
    }

    test('of a process that writes how the settings of this computer were: down leaves nothing', async () => {
      mkdirSync(labPaths(defaultDirectories, testLab).directory, { recursive: true });
      mkdirSync(runtimeDirectory, { recursive: true });
      writeFileSync(path.join(runtimeDirectory, 'settings.json.new'), '{');
      await takeDown(testLab);
      assertClean();
    });

    test('of systemd-nspawn: the machine is off, its address is gone, and it can be started', async () => {
      const spec = machineSpec(testLab, 'k1', 'debian:12', '10.91.1.21');
      await lab.ensure(spec, () => undefined);
      machineProcesses(testLab, 'k1').supervisors.forEach((pid) => process.kill(pid, 'SIGKILL'));
      await until(
        async () =>
          existsSync(namespacePath(testLab, 'k1')) ? 'its network namespace is there' : true,
        20,
      );
      assert.equal((await lab.record(testLab, 'k1'))?.isRunning, false);
      assert.equal((await lab.ensure(spec, () => undefined)).isRunning, true);
      await lab.remove(testLab, 'k1', spec.id);
      assertClean();
    });

    test('of everything that belongs to a machine: down leaves nothing', async () => {
      await lab.ensure(machineSpec(testLab, 'k1', 'debian:12', '10.91.1.21'), () => undefined);
      const { runners, supervisors } = machineProcesses(testLab, 'k1');
      [...runners, ...supervisors].forEach((pid) => process.kill(pid, 'SIGKILL'));
      await takeDown(testLab);
      assertClean();
    });

    test('with damaged records: they are named, and down leaves nothing', async () => {
      const spec = machineSpec(testLab, 'k1', 'debian:12', '10.91.1.21');
      await lab.ensure(spec, () => undefined);
      writeFileSync(machinePaths(defaultDirectories, testLab, 'k1').record, '{"id":');
      writeFileSync(labPaths(defaultDirectories, testLab).record, '');
      await assert.rejects(lab.record(testLab, 'k1'), { code: 'LabRecordDamaged' });
      await assert.rejects(lab.remove(testLab, 'k1', spec.id), { code: 'LabRecordDamaged' });
      await takeDown(testLab);
      assertClean();
    });
  });
}

/** Starts a process that makes the machine, and kills it -9 some time after it said a sentence. */
async function createAndKill(
  spec: LabMachineSpec,
  sentence: string,
  delayMs: number,
): Promise<void> {
  const child = spawn(process.execPath, [path.join(__dirname, 'support', 'ensureMachine.js')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(spec));
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      // The moment of the crash is the point of the test, not a wait for something.
      if (said.includes(sentence)) setTimeout(() => child.kill('SIGKILL'), delayMs);
    });
    child.once('error', reject);
    child.once('close', () => {
      resolve();
    });
  });
  assert.ok(said.includes(sentence), `it was not killed where it should be: ${said}`);
}
