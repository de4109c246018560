import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SwarmNodeFacts } from '../../core/facts';
import type { GateFacts } from '../../core/gate';
import {
  outageReasons,
  parsePendingRestore,
  pendingRestoreName,
  renderPendingRestore,
  whyNoRaftState,
  whyNotRestorable,
} from '../../core/outage';
import type { PendingRestore } from '../../core/outage';
import { planRollout } from '../../core/rollout';
import type { RolloutDeclaration, RolloutFacts, RolloutPlan } from '../../core/rolloutFacts';
import { declare, see } from './support/rollouts';
import { engineInfo, gateFactsOf, healthyNodes, managerNode } from './support/swarmFacts';

const one = { managers: 1, workers: 1 };
const target = { name: 'm1', role: 'manager' } as const;

const pending: PendingRestore = {
  ...{ clusterId: 'c1', nodeId: 'n1', node: 'm1', address: '10.88.0.11' },
  ...{ engineVersion: '20.10.24', isAutolocked: false, takenAt: '2026-11-21T10:15:00.000Z' },
  ...{ archive: 'c1-m1-20261121T101500Z.tar', bytes: 10_240, sha256: 'ab', allowDestroy: false },
};

describe('what waits to be restored', () => {
  it('is read as it was written, and is named after its swarm', () => {
    assert.deepEqual(parsePendingRestore(renderPendingRestore(pending)), pending);
    assert.equal(pendingRestoreName('c1'), 'c1-restore.json');
  });

  const { allowDestroy: _consent, ...half } = pending;
  for (const text of [
    '',
    'null',
    '[]',
    JSON.stringify(pending),
    JSON.stringify({ format: 2, ...pending }),
    JSON.stringify({ format: 1, ...half }),
    JSON.stringify({ format: 1, ...pending, bytes: '1' }),
    renderPendingRestore(pending).slice(0, -10),
  ]) {
    it(`${text === '' ? 'an empty file' : text.slice(0, 40)} is none`, () => {
      assert.equal(parsePendingRestore(text), undefined);
    });
  }

  it('an archive of a raft state has the state file, the certificate and the log', () => {
    const whole = [
      'swarm/',
      'swarm/docker-state.json',
      'swarm/certificates/swarm-node.crt',
      'swarm/raft/wal-v3-encrypted/0.wal',
    ];
    assert.equal(whyNoRaftState(whole), undefined);
    assert.equal(whyNoRaftState(whole.slice(0, 3)), 'it has no swarm/raft/');
    assert.match(whyNoRaftState([]) ?? '', /docker-state\.json, no .*, no swarm\/raft/);
  });

  it('goes back to its address, and to no older engine', () => {
    const node = { address: '10.88.0.11', engineVersion: '26.1.5' };
    assert.equal(whyNotRestorable(pending, node), undefined);
    assert.equal(whyNotRestorable(pending, { ...node, engineVersion: '20.10' }), undefined);
    assert.match(
      whyNotRestorable(pending, { ...node, address: '10.88.0.12' }) ?? '',
      /bound to the address 10\.88\.0\.11, and 10\.88\.0\.12 is declared/,
    );
    assert.match(
      whyNotRestorable(pending, { ...node, engineVersion: '19.3.15' }) ?? '',
      /19\.3\.15 is older than 20\.10\.24/,
    );
  });
});

describe('the gate before an outage', () => {
  const facts = (
    nodes: readonly SwarmNodeFacts[] = healthyNodes(one),
    over: Partial<GateFacts> = {},
  ): GateFacts => ({ ...gateFactsOf(nodes, one), ...over });
  const codes = (given: GateFacts): readonly string[] =>
    outageReasons(given, target).map(({ code }) => code);

  it('is open for one member that leads and is well', () => {
    assert.deepEqual(codes(facts()), []);
    assert.deepEqual(codes(facts([managerNode('m1')])), []);
  });

  it('is shut while anything is not as it should be', () => {
    const [own] = facts().managers;
    assert.ok(own !== undefined);
    const info = (over: Parameters<typeof engineInfo>[1]): GateFacts =>
      facts(undefined, { managers: [{ ...own, info: { seen: engineInfo('m1', over) } }] });
    assert.deepEqual(codes(facts(undefined, { managers: [] })), ['NoAnswer']);
    assert.deepEqual(
      codes(facts(undefined, { managers: [{ ...own, info: { unseen: 'silent' } }] })),
      ['NoAnswer'],
    );
    assert.deepEqual(codes(info({ clusterId: 'another' })), ['WrongCluster']);
    assert.deepEqual(codes(info({ error: 'broken' })), ['ManagerError']);
    assert.deepEqual(codes(info({ isControlAvailable: false })), ['NotInControl']);
    assert.deepEqual(codes(info({ localNodeState: 'locked' })), ['Locked']);
    assert.deepEqual(codes(facts(undefined, { isRootRotationInProgress: true })), ['RootRotation']);
    assert.deepEqual(codes(facts(undefined, { services: { unseen: 'silent' } })), ['NoAnswer']);
    const below = { seen: [{ node: 'w1', sentence: 'service web runs 0 of 1 tasks' }] };
    assert.deepEqual(codes(facts(undefined, { services: below })), ['ServicesBelowBaseline']);
    assert.deepEqual(codes(facts([managerNode('m1', { isLeader: false })])), ['DifferentLeader']);
    const settling = healthyNodes(one).map((node) =>
      node.hostname === 'w1' ? { ...node, state: 'unknown' as const } : node,
    );
    assert.deepEqual(codes(facts(settling)), ['LeaderSettling']);
  });

  it('is for one member, and for no second one, whoever declares it', () => {
    const [reason, ...others] = outageReasons(
      facts([managerNode('m1'), managerNode('m2')]),
      target,
    );
    assert.ok(reason !== undefined && others.length === 0);
    assert.equal(reason.code, 'Quorum');
    assert.match(reason.message, /one manager, and this one has 2: m1, m2/);
  });
});

describe('planRollout: an only manager with allowOutage', () => {
  const declared: RolloutDeclaration = {
    ...declare(one, { os: 'debian:13' }),
    outageArchive: '/srv/archive',
  };
  const plan = (
    over: Partial<RolloutDeclaration> = {},
    facts: Partial<RolloutFacts> = {},
  ): RolloutPlan =>
    planRollout({ ...declared, ...over }, { ...see(healthyNodes(one), one), ...facts });

  it('says what is out meanwhile', () => {
    const { reasons, turns } = plan(
      { vip: { addresses: ['10.88.0.100/24'] } },
      { vipHolder: 'm1' },
    );
    assert.deepEqual(reasons, []);
    assert.equal(
      turns[0]?.sentence,
      'replace manager m1 (os debian:12 → debian:13): 0 of 1 managers while m1 is rebuilt; the control plane is out: nothing is scheduled and no node joins; ' +
        'tasks on workers keep running, those on m1 stop; nobody takes the virtual IP over; its raft state is archived to /srv/archive and put back',
    );
    assert.equal(turns[1]?.name, 'w1');
  });

  it('a worker that stands in is asked first', () => {
    const { turns } = plan({ standIn: true }, { knowsStandIns: true });
    assert.match(turns[0]?.sentence ?? '', /w1 stands in/);
  });

  it('is refused where its gate is shut, or where the swarm could not be put back', () => {
    const seen = see(healthyNodes(one), one);
    assert.ok(seen.gate !== undefined);
    const rotating = { gate: { ...seen.gate, isRootRotationInProgress: true } };
    assert.match(plan({}, rotating).reasons.join(), /rotation of the root CA/);
    // At its step it is asked again, when what is unsettled has been set right.
    const unsettled = [{ name: 'm1', why: 'is locked: it is unlocked' }];
    const workers = declared.workers.map((node) => ({ ...node, os: undefined }));
    assert.deepEqual(plan({ workers }, { ...rotating, unsettled }).reasons, []);
    const older = declare(one, { os: 'debian:11' });
    assert.match(plan(older).reasons.join(), /debian:11 is older than debian:12/);
    const engine = declare(one, { engineVersion: '19.3' });
    assert.match(plan(engine).reasons.join(), /its engine 19\.3 is older than 20\.10\.24/);
  });

  it('means nothing for two', () => {
    const two = { managers: 2, workers: 0 };
    const both = planRollout(
      { ...declare(two, { os: 'debian:13' }), outageArchive: '/srv/archive' },
      see(healthyNodes(two), two),
    );
    assert.ok(both.turns.every(({ sentence }) => !sentence.includes('control plane')));
  });

  it('an interrupted one is a living swarm, which is restored first', () => {
    const restore = {
      ...{ name: 'm1', archive: '/srv/archive/c1.tar', takenAt: '2026-11-21T10:15:00.000Z' },
      fault: undefined,
    };
    const gone: RolloutFacts = {
      managers: [{ name: 'm1', swarm: 'absent', os: undefined }],
      ...{ gate: undefined, nodes: { unseen: 'no manager answers' }, vipHolder: undefined },
    };
    assert.equal(planRollout(declared, gone).swarm, 'none');
    const { swarm, turns, reasons } = planRollout(declared, { ...gone, restore });
    assert.equal(swarm, 'live');
    assert.deepEqual(reasons, []);
    assert.match(turns[0]?.sentence ?? '', /^restore manager m1 from \/srv\/archive\/c1\.tar, of/);
    const broken = planRollout(declared, { ...gone, restore: { ...restore, fault: 'm1: why' } });
    assert.equal(broken.swarm, 'live', 'and nobody founds another one');
    assert.deepEqual(broken.reasons, ['m1: why']);
  });
});
