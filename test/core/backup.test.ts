import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  backupName,
  chooseBackupNode,
  parseBackupMark,
  renderBackup,
  renderBackupMark,
} from '../../core/backup';
import type { BackupChoice } from '../../core/backup';
import type { SwarmNodeFacts } from '../../core/facts';
import { parseVirtualAddresses } from '../../core/keepalived/parseKeepalived';
import { withRaised } from '../../core/keepalived/raiseKeepalived';
import { renderKeepalived } from '../../core/keepalived/renderKeepalived';
import { pause, removal } from '../../core/quorum';
import { managerNode } from './support/swarmFacts';

const unreachable = {
  isLeader: false,
  reachability: 'unreachable',
  address: '10.88.0.12:2377',
} as const;

function member(name: string, isLeader = false): SwarmNodeFacts {
  return managerNode(name, { isLeader });
}

function chosen(
  target: SwarmNodeFacts,
  nodes: readonly SwarmNodeFacts[],
  objections: Readonly<Record<string, string>> = {},
): string {
  const followers = nodes
    .filter((node) => node !== target)
    .map((node) => ({ node, objection: objections[node.hostname] }));
  const choice: BackupChoice = chooseBackupNode(target, nodes, followers);
  return 'node' in choice ? choice.node.hostname : choice.why;
}

describe('the manager whose raft state is backed up', () => {
  const [m1, m2, m3] = [member('m1', true), member('m2'), member('m3')];
  const three = [m1, m2, m3];

  it('is the one that goes, when it does not lead', () => {
    assert.equal(chosen(m2, three), 'm2');
  });

  it('is the first follower that nothing speaks against, when the leader goes', () => {
    assert.equal(chosen(m1, three), 'm2');
    assert.equal(chosen(m1, three, { m2: 'holds the virtual IP' }), 'm3');
    const silent = [m1, { ...m2, managerStatus: unreachable }, m3, member('m4'), member('m5')];
    assert.equal(chosen(m1, silent), 'm3');
    const settling = [m1, { ...m2, state: 'unknown' as const }, m3];
    assert.equal(chosen(m1, settling), 'm3');
  });

  it('is nobody where each follower has a reason, and all are told', () => {
    const objections = { m2: 'holds the virtual IP', m3: 'runs db' };
    assert.equal(
      chosen(m1, three, objections),
      'm1 leads, and no follower can be backed up: m2 holds the virtual IP; m3 runs db',
    );
  });

  it('is nobody where the others would be no majority', () => {
    assert.match(chosen(m2, [m1, m2]), /the other 1 would be no majority of 2 \(2 are needed\)/);
    assert.match(chosen(m1, [m1]), /the other 0 would be no majority of 1/);
    const down = [m1, { ...m2, managerStatus: unreachable }, m3];
    assert.match(chosen(m3, down), /the other 1 would be no majority of 3/);
  });

  it('whoever may stand still may also leave, and never the other way round at two', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 9 }), fc.nat(8), (members, others) => {
        const reachable = Math.min(others, members - 1);
        if (pause(members, reachable).isAllowed) assert.ok(removal(members, reachable).isAllowed);
      }),
    );
    assert.equal(removal(2, 1).isAllowed, true);
    assert.equal(pause(2, 1).isAllowed, false);
  });
});

describe('what is written of a backup', () => {
  it('its name has cluster ID, node and time, and sorts by time', () => {
    const at = new Date('2026-11-21T10:15:00.123Z');
    assert.equal(backupName('x7abc', 'm2', at), 'x7abc-m2-20261121T101500Z');
  });

  it('its description is JSON, whole and without a key', () => {
    const description = {
      ...{ clusterId: 'c', nodeId: 'n', node: 'm2', address: '10.88.0.12' },
      ...{ engineVersion: '26.1.5', isAutolocked: true, takenAt: '2026-11-21T10:15:00.123Z' },
      ...{ archive: 'c-m2.tar', bytes: 10, sha256: 'ab' },
    };
    assert.deepEqual(JSON.parse(renderBackup(description)), { format: 1, ...description });
  });

  it('the mark on a host gives back the availability; any text is a mark, and no text is none', () => {
    for (const availability of ['active', 'pause', 'drain', undefined] as const) {
      assert.deepEqual(parseBackupMark(renderBackupMark({ availability })), { availability });
    }
    assert.equal(parseBackupMark(undefined), undefined);
    fc.assert(
      fc.property(fc.string(), (text) => {
        assert.ok(parseBackupMark(text) !== undefined);
      }),
    );
  });
});

describe('virtual addresses of a keepalived.conf', () => {
  const text = renderKeepalived(
    {
      ...{ name: 'v', addresses: ['10.88.0.100/24', 'fd00::100/64'], interface: 'eth0' },
      ...{ sourceAddress: '10.88.0.11', routerId: 1, priority: 200, advertisementSeconds: 1 },
    },
    { id: 'vip-1', urn: 'urn:1' },
  );

  it('are read back, raised or not', () => {
    const addresses = ['10.88.0.100/24', 'fd00::100/64'];
    assert.deepEqual(parseVirtualAddresses(text), addresses);
    assert.deepEqual(parseVirtualAddresses(withRaised(text, 'm2')), addresses);
  });

  it('are none in somebody else’s file', () => {
    assert.deepEqual(parseVirtualAddresses(text.replace('# Managed', '# Written')), []);
    assert.deepEqual(parseVirtualAddresses(''), []);
  });
});
