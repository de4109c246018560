import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { isEvictable } from '../../core/evictable';
import {
  declaredManagersLabel,
  declaredNames,
  isManaged,
  labelPrefix,
  managedLabel,
  ownLabels,
  sameLabels,
  userLabels,
} from '../../core/labels';
import { managerNode, workerNode } from './support/swarmFacts';

const key = fc.oneof(
  fc.string(),
  fc.string().map((name) => `${labelPrefix}${name}`),
  fc.constantFrom('__proto__', 'constructor', 'toString', labelPrefix),
);
const labels = fc
  .array(fc.tuple(key, fc.string()))
  .map((entries): Readonly<Record<string, string>> => Object.fromEntries(entries));

describe('labels', () => {
  it('are each either the user’s or ours', () => {
    fc.assert(
      fc.property(labels, (all) => {
        const [own, users] = [ownLabels(all), userLabels(all)];
        assert.ok(sameLabels({ ...users, ...own }, all));
        assert.equal(Object.keys(own).length + Object.keys(users).length, Object.keys(all).length);
        assert.ok(Object.keys(own).every((name) => name.startsWith(labelPrefix)));
      }),
    );
  });

  it('are the same whatever the order of their keys', () => {
    fc.assert(
      fc.property(labels, (all) =>
        sameLabels(all, Object.fromEntries(Object.entries(all).reverse())),
      ),
    );
  });

  const different: readonly [string, Record<string, string>, Record<string, string>][] = [
    ['a value differs', { a: '1' }, { a: '2' }],
    ['one is missing', { a: '1' }, {}],
    ['one is too many', {}, { a: '1' }],
    ['a name differs', { a: '1' }, { b: '1' }],
    ['a name that every object has', { toString: '1' }, { a: '1' }],
  ];
  for (const [what, a, b] of different) {
    it(`differ when ${what}`, () => {
      assert.ok(!sameLabels(a, b));
      assert.ok(!sameLabels(b, a));
    });
  }
});

describe('declaredNames', () => {
  const rows: readonly [string | undefined, readonly string[] | undefined, string][] = [
    [undefined, undefined, 'never written is not "none"'],
    ['', [], 'none'],
    ['m1', ['m1'], 'one'],
    ['m1,m2,m3', ['m1', 'm2', 'm3'], 'several'],
    [',m1,,m2,', ['m1', 'm2'], 'without empty ones'],
  ];
  for (const [text, expected, rule] of rows) {
    it(rule, () => {
      const written = text === undefined ? {} : { [declaredManagersLabel]: text };
      assert.deepEqual(declaredNames(written, declaredManagersLabel), expected);
    });
  }
});

describe('isManaged', () => {
  it('is a node that this package joined, whatever its label says', () => {
    assert.ok(isManaged(workerNode('w1', { labels: { [managedLabel]: '' } })));
    assert.ok(!isManaged(workerNode('w1', { labels: { 'com.example.managed': 'true' } })));
  });
});

describe('isEvictable', () => {
  const down = { state: 'down' } as const;
  const declared = ['m1', 'w1'];
  const rows: readonly [string, ReturnType<typeof workerNode>, boolean][] = [
    ['a worker that is down', workerNode('w9', down), true],
    ['a manager that is down', managerNode('m9', { reachability: 'unreachable' }, down), true],
    ['a worker that is declared', workerNode('w1', down), false],
    ['a manager that is declared', managerNode('m1', { reachability: 'unreachable' }, down), false],
    ['somebody else’s node', workerNode('w9', { ...down, labels: {} }), false],
    ['a worker that answers', workerNode('w9'), false],
    ['a worker that has just lost its leader', workerNode('w9', { state: 'unknown' }), false],
    ['a worker that lost its session', workerNode('w9', { state: 'disconnected' }), false],
    ['a manager that raft still reaches', managerNode('m9', {}, down), false],
    ['a manager of unknown reach', managerNode('m9', { reachability: 'unknown' }, down), false],
    ['a manager whose node is up', managerNode('m9', { reachability: 'unreachable' }), false],
    ['a member that was demoted already', managerNode('m9', {}, { role: 'worker' }), true],
    ['such a one that is declared', managerNode('m1', {}, { role: 'worker' }), false],
  ];
  for (const [what, node, expected] of rows) {
    it(`${expected ? 'takes' : 'leaves'} ${what}`, () => {
      assert.equal(isEvictable(node, declared), expected);
    });
  }
});
