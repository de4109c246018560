import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { quoteArgv } from '../../effects/ssh/quoteArgv';

describe('quoteArgv', () => {
  it('gives a POSIX shell exactly the arguments', () => {
    const argument = fc
      .oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[$`"'\\!*?~ \n;&|<>(){}#=-]*$/))
      .map((text) => Buffer.from(text.replaceAll('\0', '')).toString('utf8'));
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1, maxLength: 8 }), (argv) => {
        const line = quoteArgv(['printf', '%s\\0', ...argv]);
        const seen = execFileSync('/bin/sh', ['-c', line], { encoding: 'utf8' });
        assert.deepEqual(seen.split('\0').slice(0, -1), argv);
      }),
      { numRuns: 150 },
    );
  });

  it('leaves plain words readable', () => {
    assert.equal(quoteArgv(['ip', '-j', 'addr']), 'ip -j addr');
    assert.equal(quoteArgv(["it's"]), String.raw`'it'\''s'`);
  });

  it('refuses what no argv can hold', () => {
    assert.throws(() => quoteArgv([]), TypeError);
    assert.throws(() => quoteArgv(['a\0b']), TypeError);
  });
});
