import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayBeAbandoned } from '../../core/abandonedJoin';
import type { SwarmNodeFacts } from '../../core/facts';

const abandoned: SwarmNodeFacts = {
  ...{ id: 'a', version: 1, hostname: '', address: '', labels: {}, engineVersion: '' },
  ...{ role: 'manager', availability: 'drain', state: 'unknown', managerStatus: undefined },
};

test('an entry without a name that nobody was ever seen behind may be of a join that was cut off', () => {
  assert.equal(mayBeAbandoned(abandoned), true);
  assert.equal(mayBeAbandoned({ ...abandoned, state: 'down', role: 'worker' }), true);
});

const others: Record<string, Partial<SwarmNodeFacts>> = {
  'has a name': { hostname: 'm1' },
  'is ready': { state: 'ready' },
  'may run tasks, so this package did not join it': { availability: 'active' },
  'is a member of raft': {
    managerStatus: { isLeader: false, reachability: 'unknown', address: '10.0.0.1:2377' },
  },
};
for (const [why, change] of Object.entries(others)) {
  test(`an entry that ${why} is left alone`, () => {
    assert.equal(mayBeAbandoned({ ...abandoned, ...change }), false);
  });
}
