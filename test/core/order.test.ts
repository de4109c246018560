import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { managerOrder, resolveMaxUnavailable, workerBatches } from '../../core/order';
import type { OrderNode } from '../../core/order';

function node(name: string, over: Partial<OrderNode> = {}): OrderNode {
  return { name, isLeader: false, isBroken: false, ...over };
}

/** Nodes with distinct names; at most one is the leader. */
const nodes = fc
  .tuple(
    fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { maxLength: 30 }),
    fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
    fc.nat(40),
  )
  .map(([names, broken, leader]) =>
    names.map((name, index) =>
      node(name, { isBroken: broken[index] === true, isLeader: index === leader }),
    ),
  );

describe('managerOrder', () => {
  const rows: readonly [string, readonly OrderNode[], readonly string[]][] = [
    ['as declared, without a leader', [node('m1'), node('m2')], ['m1', 'm2']],
    [
      'the leader last',
      [node('m1', { isLeader: true }), node('m2'), node('m3')],
      ['m2', 'm3', 'm1'],
    ],
    [
      'broken ones first, the leader last',
      [node('m1', { isLeader: true }), node('m2'), node('m3', { isBroken: true })],
      ['m3', 'm2', 'm1'],
    ],
    [
      'a leader that looks broken last all the same',
      [node('m1', { isLeader: true, isBroken: true }), node('m2')],
      ['m2', 'm1'],
    ],
    ['nobody of nobody', [], []],
  ];
  for (const [rule, managers, expected] of rows) {
    it(rule, () => {
      assert.deepEqual(managerOrder(managers), expected);
    });
  }

  it('is a permutation with the leader last, and leaves its input as it is', () => {
    fc.assert(
      fc.property(nodes, (managers) => {
        const before = structuredClone(managers);
        const order = managerOrder(managers);
        assert.deepEqual(managers, before);
        assert.deepEqual([...order].sort(), managers.map(({ name }) => name).sort());
        const leader = managers.find(({ isLeader }) => isLeader);
        if (leader !== undefined) assert.equal(order.at(-1), leader.name);
      }),
    );
  });
});

describe('workerBatches', () => {
  it('puts the first one alone, then as many as may be out, broken ones first', () => {
    const workers = [
      node('w1'),
      node('w2'),
      node('w3'),
      node('w4', { isBroken: true }),
      node('w5'),
    ];
    assert.deepEqual(workerBatches(workers, 2), [['w4'], ['w1', 'w2'], ['w3', 'w5']]);
    assert.deepEqual(workerBatches(workers, 100), [['w4'], ['w1', 'w2', 'w3', 'w5']]);
    assert.deepEqual(workerBatches([], 2), []);
  });

  it('is a partition: a canary alone, and no batch larger than maxUnavailable', () => {
    const size = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer(), fc.double());
    fc.assert(
      fc.property(nodes, size, (workers, maxUnavailable) => {
        const batches = workerBatches(workers, maxUnavailable);
        assert.deepEqual(batches.flat().sort(), workers.map(({ name }) => name).sort());
        if (workers.length > 0) assert.equal(batches[0]?.length, 1);
        const most = resolveMaxUnavailable(maxUnavailable, workers.length);
        assert.ok(batches.every((batch) => batch.length >= 1 && batch.length <= most));
      }),
    );
  });
});

describe('resolveMaxUnavailable', () => {
  const rows: readonly [number | string, number, number][] = [
    ['10%', 5, 1],
    ['10%', 20, 2],
    ['10%', 29, 2],
    ['50 %', 5, 2],
    ['12.5%', 16, 2],
    ['100%', 5, 5],
    ['0%', 5, 1],
    [3, 5, 3],
    ['3', 5, 3],
    [2.9, 5, 2],
    [0, 5, 1],
    [-4, 5, 1],
    [Number.NaN, 5, 1],
    [Number.POSITIVE_INFINITY, 5, 1],
    ['many', 5, 1],
    ['', 5, 1],
    ['10%', 0, 1],
  ];
  for (const [value, workers, expected] of rows) {
    it(`${JSON.stringify(value)} of ${String(workers)} workers is ${String(expected)}`, () => {
      assert.equal(resolveMaxUnavailable(value, workers), expected);
    });
  }

  it('never lets nobody move, and no percentage takes more than its part', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.nat(1000), (percentage, workers) => {
        const count = resolveMaxUnavailable(`${String(percentage)}%`, workers);
        assert.ok(count >= 1);
        assert.ok(count === 1 || count * 100 <= workers * percentage);
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        const count = resolveMaxUnavailable(text, 5);
        assert.ok(Number.isInteger(count) && count >= 1);
      }),
    );
  });
});
