import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { assigned, pageCommands } from '../../scenarios/pageCommands';
import { checkout } from '../support/checkout';

describe('docs/backup.md, as it is executed', () => {
  const page = readFileSync(join(checkout, 'docs', 'backup.md'), 'utf8');
  const [given = '', ...blocks] = pageCommands(page, 'Restore');

  test('has values to fill in first, Pulumi’s command last, and a block for each step between', () => {
    assert.deepEqual(assigned(given), ['ARCHIVE', 'ADDRESS', 'OTHERS']);
    assert.equal(blocks.length, 6);
    assert.equal(blocks.at(-1), 'pulumi up --refresh\n');
  });

  for (const [index, block] of blocks.entries()) {
    test(`block ${String(index + 1)} is a shell's, and asks for no other values`, () => {
      const { status, stderr } = spawnSync('bash', ['-n', '-c', block], { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      const asked = [...block.matchAll(/\$\{?([A-Z]+)/g)].map(([, name]) => name ?? '');
      assert.deepEqual(
        asked.filter((name) => !assigned(given).includes(name)),
        [],
      );
    });
  }

  test('another heading has none of them, and one that is not there is an error', () => {
    assert.deepEqual(pageCommands(page, 'Before every roll'), []);
    assert.throws(() => pageCommands(page, 'Restored'), /no heading "Restored"/);
  });
});
