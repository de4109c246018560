import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const file = join(__dirname, '..', '..', 'provider', 'server', 'smallHeap.js');

/** Most memory of a process that lets go of nearly all it makes, in MiB. */
function peakOf(first: string): number {
  const work = `${first};
    const some = () => Array.from({ length: 1000 }, (_, i) => ({ id: 'n' + i, labels: { a: 'b' + i } }));
    const kept = Array.from({ length: 150 }, some);
    const passing = [];
    for (let i = 0; i < 2000; i++) {
      passing.push(some());
      if (passing.length > 40) passing.shift();
    }
    console.log(process.resourceUsage().maxRSS / 1024, kept.length);`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', work], { encoding: 'utf8' });
  assert.equal(stderr, '', 'V8 knows the flag');
  return parseFloat(stdout);
}

test('what is let go is collected before the heap is many times what is alive', () => {
  const [without, small] = [peakOf(''), peakOf(`require(${JSON.stringify(file)}).keepHeapSmall()`)];
  assert.ok(
    small < 0.85 * without,
    `${small.toFixed(0)} MiB, and ${without.toFixed(0)} MiB without`,
  );
});
