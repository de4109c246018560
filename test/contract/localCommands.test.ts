import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { systemClock } from '../../effects/clock';
import { localCommands } from '../../effects/localCommands';
import type { LocalCommandResult } from '../../effects/localCommands';

const env = { PATH: process.env['PATH'] ?? '', WORD: 'a "b" $c' };

function stateOf(pid: number): string {
  try {
    return readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  } catch {
    return 'gone';
  }
}

function run(argv: readonly string[], timeoutSeconds = 20): Promise<LocalCommandResult> {
  return localCommands.run(argv, { env, timeoutSeconds });
}

describe('commands of this computer', { concurrency: true }, () => {
  test('an argv, these variables and no others, both outputs, no input', async () => {
    const script = 'printf "%s|" "$@" "$WORD" "${HOME-none}"; cat; echo oops >&2; exit 3';
    const { ended, isTimedOut, output } = await run(['/bin/sh', '-c', script, '-', 'x y', '$z']);
    assert.deepEqual({ ended, isTimedOut }, { ended: 3, isTimedOut: false });
    assert.equal(output, 'x y|$z|a "b" $c|none|oops\n');
  });

  test('what is not there did not run', async () => {
    await assert.rejects(run(['./no-such-hook']), { code: 'CommandNotStarted' });
  });

  test('one that is too late goes with all that it has started, and what it has said is kept', async () => {
    const began = Date.now();
    const { isTimedOut, output } = await run(
      ['/bin/sh', '-c', 'sleep 60 & echo child $!; wait'],
      0.5,
    );
    assert.ok(isTimedOut && Date.now() - began < 20_000);
    const child = Number(/child (\d+)/.exec(output)?.[1]);
    assert.ok(child > 1);
    // Whose parent is gone, whoever takes it over may leave unread.
    while (/^\d+ \(.*\) [^Z]/.test(stateOf(child))) await systemClock.sleep(50);
  });

  test('one that ignores SIGTERM is killed', async () => {
    const { ended, isTimedOut } = await run(
      ['/bin/sh', '-c', "trap '' TERM; while :; do sleep 0.2; done"],
      0.5,
    );
    assert.deepEqual({ ended, isTimedOut }, { ended: 'SIGKILL', isTimedOut: true });
  });

  test('what is left in the background is not waited for', async () => {
    const began = Date.now();
    const { ended, output } = await run(['/bin/sh', '-c', 'sleep 8 & echo done']);
    assert.deepEqual({ ended, output }, { ended: 0, output: 'done\n' });
    assert.ok(Date.now() - began < 6000);
  });

  test('of a long output the end is kept', async () => {
    const { output } = await run(['/bin/sh', '-c', 'yes 0123456789 | head -c 300000; echo end']);
    assert.ok(output.endsWith('end\n') && output.length <= 64 * 1024);
  });
});
