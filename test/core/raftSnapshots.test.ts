import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SwarmFacts, SwarmNodeFacts } from '../../core/facts';
import {
  leavesBehind,
  mayLeaveBehind,
  maybeBehind,
  snapshotIntervalLabel,
  snapshotsAsBefore,
  snapshotsAtEveryEntry,
} from '../../core/raftSnapshots';
import { managerNode, workerNode } from './support/swarmFacts';

describe('raft snapshots', () => {
  const cases: readonly (readonly [leader: string, newcomer: string, isBehind: boolean])[] = [
    ['20.10.24', '26.1.5', true],
    ['20.10.24', '23.0.0', true],
    ['19.03.15', '29.1.0', true],
    ['20.10.24', '20.10.24', false],
    ['22.06.0-beta.0', '23.0.1', true],
    ['23.0.0', '26.1.5', false],
    ['26.1.5', '20.10.24', false],
    ['', '26.1.5', true],
    ['20.10.24', 'dev', true],
    ['dev', 'dev', true],
    ['26.1.5', 'dev', false],
    ['dev', '20.10.24', false],
  ];
  for (const [leader, newcomer, isBehind] of cases) {
    it(`a leader of "${leader}" ${isBehind ? 'may leave' : 'never leaves'} a "${newcomer}" behind`, () => {
      assert.equal(leavesBehind(leader, newcomer), isBehind);
    });
  }

  it('only members leave behind and are behind, whoever leads at the moment', () => {
    const nodes = [
      managerNode('m1'),
      managerNode('m2', {}, { engineVersion: '26.1.5' }),
      managerNode('m3'),
      { ...workerNode('w1'), engineVersion: '26.1.5' },
    ];
    assert.deepEqual(maybeBehind(nodes), ['m2']);
    assert.deepEqual(
      [mayLeaveBehind(nodes, '26.1.5'), mayLeaveBehind(nodes, '20.10.24')],
      [true, false],
    );
    const newer = (name: string): SwarmNodeFacts =>
      managerNode(name, {}, { engineVersion: '26.1.5' });
    assert.deepEqual(maybeBehind([newer('m1'), newer('m2'), managerNode('m3')]), ['m1', 'm2']);
    const all = [newer('m1'), newer('m2'), newer('m3'), workerNode('w1')];
    assert.deepEqual([maybeBehind(all), mayLeaveBehind(all, '26.1.5')], [[], false]);
  });

  it('the interval of before is kept with the change, and put back once', () => {
    const before = swarm(10_000, { mine: 'x' });
    const lowered = snapshotsAtEveryEntry(before);
    assert.deepEqual(lowered, { interval: 1, labels: { [snapshotIntervalLabel]: '10000' } });
    const during = swarm(1, { mine: 'x', ...lowered.labels });
    assert.equal(snapshotsAtEveryEntry(during), undefined, 'a run that was killed kept it already');
    const raised = snapshotsAsBefore(during);
    assert.deepEqual(raised, { interval: 10_000, labels: { [snapshotIntervalLabel]: '' } });
    assert.equal(snapshotsAsBefore(swarm(10_000, raised.labels)), undefined);
    assert.equal(snapshotsAsBefore(before), undefined);
  });

  it('what somebody set meanwhile stays, and so does an interval of 1 that is the user’s', () => {
    const meanwhile = swarm(500, { [snapshotIntervalLabel]: '10000' });
    assert.deepEqual(snapshotsAsBefore(meanwhile)?.interval, 500);
    assert.deepEqual(snapshotsAsBefore(swarm(1, { [snapshotIntervalLabel]: 'x' }))?.interval, 1);
    assert.equal(snapshotsAtEveryEntry(swarm(1, {})), undefined);
    assert.equal(snapshotsAsBefore(swarm(1, {})), undefined);
  });
});

function swarm(snapshotInterval: number, labels: Readonly<Record<string, string>>): SwarmFacts {
  return {
    ...{ clusterId: 'cluster', version: 1, labels, snapshotInterval },
    ...{ isRootRotationInProgress: false, isAutolocked: false, addressPools: [], subnetSize: 24 },
  };
}
