import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { readHostLock, renderHostLock } from '../../core/hostLock';
import { decideLease } from '../../core/lease';

const held = { holder: 'm1-1', operation: 'found the swarm on m1', since: '2026-11-21T00:00:00Z' };

describe('the lock of a host', () => {
  it('reads what it wrote, whatever the renewal', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.string(),
        fc.string(),
        fc.nat(),
        (holder, operation, since, renewal) => {
          const lock = { holder, operation, since };
          assert.deepEqual(readHostLock(renderHostLock(lock, renewal)), lock);
        },
      ),
    );
  });

  it('moves with every renewal', () => {
    assert.notEqual(renderHostLock(held, 1), renderHostLock(held, 2));
  });

  it('is free when there is no file', () => {
    assert.equal(decideLease(readHostLock(undefined), 'm2-1', 0).next, 'take');
  });

  for (const text of ['', '{', 'null', '[]', '{}', '{"holder":""}', '{"holder":1}', '\0']) {
    it(`is somebody’s when it says ${JSON.stringify(text)}, until it has stood still`, () => {
      assert.equal(decideLease(readHostLock(text), 'm2-1', 29_999).next, 'wait');
      assert.equal(decideLease(readHostLock(text), 'm2-1', 30_000).next, 'take');
    });
  }
});
