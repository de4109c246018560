import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { keysToTry, withPresentKey } from '../../core/autolock';
import type { UnlockKeys } from '../../core/autolock';

describe('the unlock keys that a state holds', () => {
  const rows: readonly {
    readonly rule: string;
    readonly known: UnlockKeys;
    readonly present: string | undefined;
    readonly then: UnlockKeys;
  }[] = [
    { rule: 'autolock is off', known: {}, present: undefined, then: {} },
    { rule: 'the first key', known: {}, present: 'a', then: { unlockKey: 'a' } },
    {
      rule: 'the same key',
      known: { unlockKey: 'a' },
      present: 'a',
      then: { unlockKey: 'a' },
    },
    {
      rule: 'a rotated key',
      known: { unlockKey: 'a' },
      present: 'b',
      then: { unlockKey: 'b', earlierUnlockKeys: ['a'] },
    },
    {
      rule: 'autolock was turned off: who was down then still needs the key',
      known: { unlockKey: 'b', earlierUnlockKeys: ['a'] },
      present: undefined,
      then: { earlierUnlockKeys: ['b', 'a'] },
    },
    {
      rule: 'an earlier key is the present one again',
      known: { unlockKey: 'b', earlierUnlockKeys: ['a'] },
      present: 'a',
      then: { unlockKey: 'a', earlierUnlockKeys: ['b'] },
    },
  ];
  for (const { rule, known, present, then } of rows) {
    it(rule, () => {
      assert.deepEqual(withPresentKey(known, present), then);
    });
  }

  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', undefined);

  it('after any history the five keys before the present one are tried, each once, the present one first', () => {
    fc.assert(
      fc.property(fc.array(key, { maxLength: 12 }), (history) => {
        const known = history.reduce<UnlockKeys>(withPresentKey, {});
        const tried = keysToTry(history.at(-1), known, undefined);
        assert.equal(new Set(tried).size, tried.length);
        if (history.at(-1) !== undefined) assert.equal(tried[0], history.at(-1));
        for (const recent of history.slice(-5)) {
          assert.ok(recent === undefined || tried.includes(recent));
        }
      }),
    );
  });

  it('a given key is tried after those that the swarm and the state know, and before old ones', () => {
    const known = { unlockKey: 'state', earlierUnlockKeys: ['old'] };
    assert.deepEqual(keysToTry('live', known, 'given'), ['live', 'state', 'given', 'old']);
    assert.deepEqual(keysToTry(undefined, {}, undefined), []);
  });
});
