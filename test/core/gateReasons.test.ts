import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EngineInfo, SwarmNodeFacts } from '../../core/facts';
import { gate } from '../../core/gate';
import type { GateFacts, GateReason, GateTarget, ManagerSight } from '../../core/gate';
import {
  engineInfo,
  gateFactsOf,
  healthyNodes,
  managerNode,
  withNode,
  withReachability,
} from './support/swarmFacts';

const size = { managers: 5, workers: 2 };
const nodes = healthyNodes(size);
const open = gateFactsOf(nodes, size);
const manager5: GateTarget = { name: 'm5', role: 'manager' };
const worker1: GateTarget = { name: 'w1', role: 'worker' };

function sees(list: readonly SwarmNodeFacts[]): GateFacts {
  return gateFactsOf(list, size);
}

/** The open gate, with what one manager answers changed. */
function answer(name: string, over: Partial<Pick<ManagerSight, 'info' | 'managers'>>): GateFacts {
  return {
    ...open,
    managers: open.managers.map((one) => (one.name === name ? { ...one, ...over } : one)),
  };
}

function info(name: string, over: Partial<EngineInfo>): GateFacts {
  return answer(name, { info: { seen: engineInfo(name, over) } });
}

interface Row {
  readonly rule: string;
  readonly facts: GateFacts;
  readonly target: GateTarget;
  readonly code: GateReason['code'];
  readonly message: string;
}

/** Each row breaks one term of an open gate, so that nothing but this term keeps the gate shut. */
const rows: readonly Row[] = [
  {
    rule: 'another manager does not answer at all',
    facts: answer('m2', { info: { unseen: 'timed out' }, managers: { unseen: 'timed out' } }),
    target: manager5,
    code: 'NoAnswer',
    message: 'm2 does not answer: timed out',
  },
  {
    rule: 'another manager answers, but not with its list',
    facts: answer('m2', { managers: { unseen: 'rpc error: deadline exceeded' } }),
    target: manager5,
    code: 'NoAnswer',
    message: 'm2 does not list its nodes: rpc error: deadline exceeded',
  },
  {
    rule: 'another manager does not tell its swarm',
    facts: info('m2', { clusterId: undefined }),
    target: manager5,
    code: 'NoAnswer',
    message: 'm2 does not say which swarm it is in',
  },
  {
    rule: 'there is no other manager',
    facts: gateFactsOf(healthyNodes({ managers: 1, workers: 0 }), { managers: 1, workers: 0 }),
    target: { name: 'm1', role: 'manager' },
    code: 'NoAnswer',
    message: 'no other manager answers with the list of nodes',
  },
  {
    rule: 'every manager lists the managers, and none all nodes',
    facts: { ...open, nodes: { unseen: 'rpc error: deadline exceeded' } },
    target: worker1,
    code: 'NoAnswer',
    message: 'no other manager lists all nodes: rpc error: deadline exceeded',
  },
  {
    rule: 'another manager is in another swarm',
    facts: info('m2', { clusterId: 'foreign' }),
    target: manager5,
    code: 'WrongCluster',
    message: 'm2 is in swarm foreign, not in swarm-of-the-tests',
  },
  {
    rule: 'another manager is active without control',
    facts: info('m2', { isControlAvailable: false }),
    target: manager5,
    code: 'NotInControl',
    message: 'm2 is active and not a working manager',
  },
  {
    rule: 'another manager is locked',
    facts: info('m2', { localNodeState: 'locked' }),
    target: manager5,
    code: 'Locked',
    message:
      'm2 is locked: its engine was restarted while autolock is on; run `pulumi up`, which unlocks it before anything else, or `docker swarm unlock` on it',
  },
  {
    rule: 'another manager reports an error',
    facts: info('m2', { error: 'The swarm does not have a leader.' }),
    target: manager5,
    code: 'ManagerError',
    message: 'm2 reports: The swarm does not have a leader.',
  },
  {
    rule: 'two managers name different leaders',
    facts: answer('m2', {
      managers: {
        seen: nodes.map((node) =>
          node.role === 'manager'
            ? managerNode(node.hostname, { isLeader: node.hostname === 'm3' })
            : node,
        ),
      },
    }),
    target: manager5,
    code: 'DifferentLeader',
    message: 'm1 names m1/id-m1 as the leader, m2 names m3/id-m3',
  },
  {
    rule: 'nobody names a leader',
    facts: gateFactsOf([managerNode('m1', { isLeader: false }), managerNode('m2')], {
      managers: 2,
      workers: 0,
    }),
    target: { name: 'm2', role: 'manager' },
    code: 'DifferentLeader',
    message: 'm1 names no leader',
  },
  {
    rule: 'two managers list different members',
    facts: answer('m2', { managers: { seen: [...nodes, managerNode('m9')] } }),
    target: manager5,
    code: 'DifferentMembers',
    message:
      'm1 lists the members (m1/id-m1 m2/id-m2 m3/id-m3 m4/id-m4 m5/id-m5), ' +
      'm2 lists (m1/id-m1 m2/id-m2 m3/id-m3 m4/id-m4 m5/id-m5 m9/id-m9)',
  },
  {
    rule: 'a declared manager is no member',
    facts: sees(withNode(nodes, 'm2', (node) => ({ ...node, managerStatus: undefined }))),
    target: manager5,
    code: 'ManagerOut',
    message: 'manager m2 is not a member',
  },
  {
    rule: 'a declared manager is unreachable for the leader, although it answers us',
    facts: sees(withReachability(nodes, 'm2', 'unreachable')),
    target: manager5,
    code: 'ManagerOut',
    message: 'manager m2 is unreachable',
  },
  {
    rule: 'nobody knows whether a declared manager is reachable',
    facts: sees(withReachability(nodes, 'm2', 'unknown')),
    target: manager5,
    code: 'ManagerOut',
    message: 'manager m2 is unknown',
  },
  {
    rule: 'a manager is out while a worker is to go',
    facts: sees(withReachability(nodes, 'm2', 'unreachable')),
    target: worker1,
    code: 'ManagerOut',
    message: 'manager m2 is unreachable',
  },
  {
    rule: 'a member is silent, and nobody declares it',
    facts: sees([...nodes, managerNode('m9', { reachability: 'unreachable' })]),
    target: manager5,
    code: 'StaleMember',
    message: 'member m9 (id-m9) at 10.88.0.19 is not declared and does not answer',
  },
  {
    rule: 'an earlier life of a manager is still a member at its address',
    facts: sees([...nodes, managerNode('m2', { reachability: 'unreachable' }, { id: 'id-old' })]),
    target: manager5,
    code: 'StaleMember',
    message: 'm2 is a member more than once: an earlier one was never removed',
  },
  {
    rule: 'an earlier life of the target itself is still a member at its address',
    facts: sees([...nodes, managerNode('m5', { reachability: 'unreachable' }, { id: 'id-old' })]),
    target: manager5,
    code: 'StaleMember',
    message: 'm5 is a member more than once: an earlier one was never removed',
  },
  {
    rule: 'the root CA rotates',
    facts: { ...open, isRootRotationInProgress: true },
    target: manager5,
    code: 'RootRotation',
    message: 'a rotation of the root CA is in progress: tokens and certificates are changing',
  },
  {
    rule: 'services are worse than before another node went',
    facts: {
      ...open,
      services: { seen: [{ node: 'm2', sentence: 'service web runs 1 of 3 tasks' }] },
    },
    target: manager5,
    code: 'ServicesBelowBaseline',
    message: 'services are not as they were before m2 went: service web runs 1 of 3 tasks',
  },
  {
    rule: 'the services could not be looked at',
    facts: { ...open, services: { unseen: 'timed out' } },
    target: manager5,
    code: 'NoAnswer',
    message: 'the services were not looked at: timed out',
  },
  {
    rule: 'a node has not registered since the leader changed',
    facts: sees(withNode(nodes, 'w2', (node) => ({ ...node, state: 'unknown' }))),
    target: manager5,
    code: 'LeaderSettling',
    message: 'w2 has not registered with the present leader yet',
  },
  {
    rule: 'those who remain have no majority: an undeclared manager goes, and its earlier life stays behind',
    facts: gateFactsOf(
      [
        managerNode('m1'),
        managerNode('m9'),
        managerNode('m9', { reachability: 'unreachable' }, { id: 'id-old' }),
      ],
      { managers: 1, workers: 0 },
    ),
    target: { name: 'm9', role: 'manager' },
    code: 'Quorum',
    message: 'taking m9 out would leave 1 reachable of 2 managers, and 2 are needed',
  },
  {
    rule: 'a worker is down, and one may be out at once',
    facts: sees(withNode(nodes, 'w2', (node) => ({ ...node, state: 'down' }))),
    target: worker1,
    code: 'WorkersOut',
    message: 'worker w2 is down, and 1 may be out at once',
  },
  {
    rule: 'a worker is drained to go, and one may be out at once',
    facts: {
      ...sees(withNode(nodes, 'w2', (node) => ({ ...node, availability: 'drain' }))),
      going: ['w2'],
    },
    target: worker1,
    code: 'WorkersOut',
    message: 'worker w2 is drained to go, and 1 may be out at once',
  },
  {
    rule: 'a worker is not in the swarm, and one may be out at once',
    facts: sees(nodes.filter(({ hostname }) => hostname !== 'w2')),
    target: worker1,
    code: 'WorkersOut',
    message: 'worker w2 is not in the swarm, and 1 may be out at once',
  },
];

describe('gate: every term alone shuts it', () => {
  it('is open when nothing is broken', () => {
    assert.deepEqual(gate(open, manager5).reasons, []);
    assert.deepEqual(gate(open, worker1).reasons, []);
  });

  for (const row of rows) {
    it(row.rule, () => {
      const { isOpen, reasons } = gate(row.facts, row.target);
      assert.equal(isOpen, false);
      assert.deepEqual(
        reasons.map(({ code, message }) => ({ code, message })),
        [{ code: row.code, message: row.message }],
      );
    });
  }

  it('has a row for every code', () => {
    const codes = {
      NoAnswer: true,
      WrongCluster: true,
      NotInControl: true,
      Locked: true,
      ManagerError: true,
      DifferentLeader: true,
      DifferentMembers: true,
      ManagerOut: true,
      StaleMember: true,
      RootRotation: true,
      LeaderSettling: true,
      Quorum: true,
      ServicesBelowBaseline: true,
      WorkersOut: true,
    } satisfies Record<GateReason['code'], true>;
    assert.deepEqual(new Set(rows.map(({ code }) => code)), new Set(Object.keys(codes)));
  });

  it('lets the node itself go whose services are worse: an interrupted run was taking it out', () => {
    const services = { seen: [{ node: 'm5', sentence: 'service web runs 1 of 3 tasks' }] };
    assert.deepEqual(gate({ ...open, services }, manager5).reasons, []);
  });

  it('tells everything that is wrong at once', () => {
    const list = withReachability(nodes, 'm2', 'unreachable').map((node) =>
      node.hostname === 'w2' ? { ...node, state: 'unknown' as const } : node,
    );
    const facts = { ...sees(list), isRootRotationInProgress: true };
    const codes = gate(facts, manager5).reasons.map(({ code }) => code);
    assert.deepEqual(codes, ['ManagerOut', 'LeaderSettling', 'RootRotation']);
  });

  it('says a reason once, however many managers agree on it', () => {
    const facts = sees(withNode(nodes, 'm1', () => managerNode('m1', { isLeader: false })));
    const { reasons } = gate(facts, manager5);
    assert.equal(new Set(reasons.map(({ message }) => message)).size, reasons.length);
  });
});
