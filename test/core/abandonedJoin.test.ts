import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFormerSelf, mayBeAbandoned } from '../../core/abandonedJoin';
import type { SwarmNodeFacts } from '../../core/facts';
import { managedLabel } from '../../core/labels';

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

test('an entry of the same name is of the same host by its label, or by its address', () => {
  const host = { name: 'm1', address: '10.0.0.1', nodeId: 'b' };
  const named = { ...abandoned, hostname: 'm1' };
  assert.equal(isFormerSelf({ ...named, address: '10.0.0.1' }, host), true);
  assert.equal(isFormerSelf({ ...named, labels: { [managedLabel]: 'true' } }, host), true);
  assert.equal(isFormerSelf({ ...named, address: '10.0.0.9' }, host), false, 'of another host');
  assert.equal(isFormerSelf({ ...named, id: 'b', address: '10.0.0.1' }, host), false, 'itself');
  assert.equal(isFormerSelf({ ...abandoned, address: '10.0.0.1' }, host), false, 'nameless');
});
