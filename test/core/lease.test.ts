import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import {
  decideLease,
  freeLabels,
  leaseRenewSeconds,
  leaseTimeToLiveSeconds,
  readBaseline,
  readLease,
  takenLabels,
  withBaseline,
  withoutBaseline,
} from '../../core/lease';
import { forHostileTexts } from './support/hostileText';

const lease = fc.record(
  { holder: fc.string({ minLength: 1 }), operation: fc.string(), since: fc.string() },
  { noNullPrototype: true },
);
const labels = fc.dictionary(
  fc.oneof(fc.string(), fc.constantFrom('holder', 'renewal', 'baseline.m1', 'baseline.')),
  fc.string(),
);
const baseline = fc.dictionary(fc.string(), fc.nat());
const node = fc.constantFrom('m1', 'm2', 'w1');

describe('the lease’s labels', () => {
  it('tell who holds it', () => {
    fc.assert(
      fc.property(labels, lease, fc.nat(), (old, one, renewal) => {
        assert.deepEqual(readLease(takenLabels(old, one, renewal)), one);
      }),
    );
  });

  it('move at every renewal, so that a contender sees it', () => {
    const one = { holder: 'a', operation: 'replace m1', since: '2026-11-21T08:00:00Z' };
    assert.notDeepEqual(takenLabels({}, one, 1), takenLabels({}, one, 2));
  });

  it('are free of any holder once it is given back', () => {
    fc.assert(
      fc.property(labels, lease, (old, one) => {
        assert.equal(readLease(freeLabels(takenLabels(old, one, 1))).holder, undefined);
      }),
    );
  });

  it('keep the baselines, whoever takes it and gives it back', () => {
    fc.assert(
      fc.property(node, baseline, lease, lease, (name, before, a, b) => {
        const kept = withBaseline({}, name, before);
        const later = freeLabels(takenLabels(freeLabels(takenLabels(kept, a, 1)), b, 7));
        assert.deepEqual(readBaseline(later, name), readBaseline(kept, name));
        assert.deepEqual(later, kept);
      }),
    );
  });

  it('do not take an empty holder for one', () => {
    assert.equal(readLease({ holder: '' }).holder, undefined);
    assert.equal(readLease({}).holder, undefined);
  });
});

describe('decideLease', () => {
  const held = { holder: 'other', operation: 'replace manager m1', since: 'then' };
  const limit = leaseTimeToLiveSeconds * 1000;
  const rows: readonly [string, Parameters<typeof decideLease>[0], number, 'take' | 'wait'][] = [
    ['a free one is taken', { ...held, holder: undefined }, 0, 'take'],
    ['one’s own is taken', { ...held, holder: 'me' }, 0, 'take'],
    ['another’s is waited for', held, 0, 'wait'],
    ['another’s is waited for until its time is over', held, limit - 1, 'wait'],
    ['one that stood still for its whole time is taken over', held, limit, 'take'],
  ];
  for (const [rule, state, unmoved, next] of rows) {
    it(rule, () => {
      assert.equal(decideLease(state, 'me', unmoved).next, next);
    });
  }

  it('names the other’s operation to whoever waits', () => {
    assert.match(decideLease(held, 'me', 0).why, /replace manager m1, since then/);
  });

  it('lets a holder miss a renewal or two', () => {
    assert.ok(leaseTimeToLiveSeconds > 3 * leaseRenewSeconds);
  });
});

describe('baselines', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(labels, node, baseline, (old, name, before) => {
        const clean = withoutBaseline(old, name);
        assert.equal(
          JSON.stringify(readBaseline(withBaseline(clean, name, before), name)),
          JSON.stringify(before),
        );
      }),
    );
  });

  it('stay as they were before the step, however often it is begun', () => {
    const first = withBaseline({}, 'm1', { web: 3 });
    assert.deepEqual(withBaseline(first, 'm1', { web: 1 }), first);
  });

  it('of one node are not those of another', () => {
    const both = withBaseline(withBaseline({}, 'm1', { web: 3 }), 'm2', { web: 2 });
    assert.deepEqual(readBaseline(withoutBaseline(both, 'm1'), 'm2'), { web: 2 });
    assert.equal(readBaseline(withoutBaseline(both, 'm1'), 'm1'), undefined);
  });

  const unreadable = ['', 'x', 'null', '3', '[1,2]', '{"web":"3"}', '{"web":3,"db":null}'];
  for (const text of [...unreadable, '{"web":-1}', '{"web":1.5}', '{"web":1e999}']) {
    it(`count as none when they are ${text === '' ? 'empty' : text}, and are taken anew`, () => {
      const labelsOfOld = { 'baseline.m1': text };
      assert.equal(readBaseline(labelsOfOld, 'm1'), undefined);
      assert.deepEqual(readBaseline(withBaseline(labelsOfOld, 'm1', { web: 3 }), 'm1'), { web: 3 });
    });
  }

  it('never throw, and hold nothing but counts', () => {
    forHostileTexts((text) => {
      const counts = Object.values(readBaseline({ 'baseline.m1': text }, 'm1') ?? {});
      assert.ok(counts.every((count) => Number.isSafeInteger(count) && count >= 0));
    });
  });
});
