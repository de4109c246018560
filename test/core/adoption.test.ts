import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type {
  HostSight,
  RolloutDeclaration,
  RolloutFacts,
  RolloutPlan,
} from '../../core/rolloutFacts';
import { planRollout } from '../../core/rollout';
import { declare, see } from './support/rollouts';
import { clusterId, healthyNodes, managerNode, withNode, workerNode } from './support/swarmFacts';

const size = { managers: 3, workers: 1 };
const nodes = healthyNodes(size);

function member(name: string, more: Partial<HostSight> = {}): HostSight {
  const isManager = name.startsWith('m');
  return {
    name,
    swarm: 'member',
    os: 'debian:12',
    nodeId: `id-${name}`,
    ...(isManager ? { clusterId } : {}),
    ...more,
  };
}

/** The healthy swarm as a take-over sees it, with some hosts otherwise. */
function seen(over: readonly HostSight[] = [], list = nodes): RolloutFacts {
  const hosts = ['m1', 'm2', 'm3', 'w1'].map(
    (name) => over.find((host) => host.name === name) ?? member(name),
  );
  return { ...see(list, size), managers: hosts.slice(0, 3), workers: hosts.slice(3) };
}

function plan(
  facts: RolloutFacts,
  more: Partial<RolloutDeclaration> = {},
  wish: Parameters<typeof declare>[1] = { os: 'debian:12', engineVersion: '20.10' },
): RolloutPlan {
  return planRollout({ ...declare(size, wish), adopt: clusterId, ...more }, facts);
}

function sentences({ turns }: RolloutPlan): readonly string[] {
  return turns.map(({ sentence }) => sentence);
}

describe('a take-over', () => {
  it('of what is declared adopts every node by its ID, and nothing else', () => {
    const { reasons, warnings, turns } = plan(seen());
    assert.deepEqual([reasons, warnings], [[], []]);
    assert.deepEqual(
      turns.map(({ kind, sentence }) => `${kind}: ${sentence}`),
      [
        'adopt: adopt manager m1 (node id-m1) as it is',
        'adopt: adopt manager m2 (node id-m2) as it is',
        'adopt: adopt manager m3 (node id-m3) as it is',
        'adopt: adopt worker w1 (node id-w1) as it is',
      ],
    );
  });

  it('says what is changed in place, and which labels would go later', () => {
    const list = withNode(nodes, 'w1', (node) => ({
      ...node,
      availability: 'drain',
      labels: { ...node.labels, zone: 'a', rack: '1' },
    }));
    const [w1] = declare(size).workers;
    assert.ok(w1 !== undefined);
    const workers = [{ ...w1, labels: { rack: '2' } }];
    assert.equal(
      sentences(plan(seen([], list), { workers })).at(-1),
      'adopt worker w1 (node id-w1) as it is, then availability drain → active, label rack = 2, ' +
        'its labels zone stay, and go with the next run unless they are declared',
    );
  });

  it('builds what is declared and not in the swarm', () => {
    const facts = seen(
      [{ name: 'w1', swarm: 'absent', os: undefined }],
      nodes.filter(({ hostname }) => hostname !== 'w1'),
    );
    assert.deepEqual(plan(facts).reasons, []);
    assert.equal(sentences(plan(facts)).at(-1), 'add worker w1: it is not in the swarm');
  });

  it('leaves alone what nobody declares, and says so, also of dead ones', () => {
    const list = [...nodes, workerNode('w7', { state: 'down' })];
    const { reasons, warnings, turns } = plan(seen([], list));
    assert.deepEqual(reasons, []);
    assert.equal(turns.length, 4);
    assert.deepEqual(warnings, [
      'w7 (node id-w7, worker, down) is in the swarm and not declared: it is left alone; declare it to take it over too',
    ]);
  });
});

describe('a take-over is refused', () => {
  const rows: readonly (readonly [string, RolloutFacts, Partial<RolloutDeclaration>, RegExp])[] = [
    [
      'where no manager is in a swarm',
      seen(['m1', 'm2', 'm3'].map((name) => ({ name, swarm: 'none', os: 'debian:12' }))),
      {},
      /^no declared manager is in swarm swarm-of-the-tests, which `adopt` names/,
    ],
    [
      'while nobody tells which swarm it is',
      seen(
        ['m1', 'm2', 'm3'].map((name) => ({
          ...{ name, swarm: 'unknown', os: undefined },
          why: 'no route',
        })),
      ),
      {},
      /^nobody says .*: m1 gives no answer \(no route\); m2 gives .*; m3 gives/,
    ],
    [
      'of another swarm than the named one',
      seen(),
      { adopt: 'another' },
      /^m1, m2, m3: in swarm swarm-of-the-tests, and `adopt` names another$/,
    ],
    [
      'of managers in two swarms',
      seen([member('m2', { clusterId: 'another' })]),
      {},
      /^m2: in swarm another, and `adopt` names swarm-of-the-tests$/,
    ],
    [
      'of a silent host',
      seen([{ name: 'm3', swarm: 'unknown', os: undefined, why: 'no route' }]),
      {},
      /^m3: it cannot be taken over while it does not answer \(no route\)/,
    ],
    [
      'of a host that is in no swarm while the swarm lists it',
      seen([{ name: 'w1', swarm: 'none', os: 'debian:12' }]),
      {},
      /^w1: the swarm lists it \(node id-w1, ready\), and its host is in no swarm/,
    ],
    [
      'of a machine that is gone while the swarm lists it',
      seen([{ name: 'w1', swarm: 'absent', os: undefined }]),
      {},
      /^w1: .* there is no such machine/,
    ],
    [
      'of a host that is a node which the swarm does not list',
      seen([member('w1', { nodeId: 'removed' })]),
      {},
      /^w1: its host is node removed, which the swarm does not list/,
    ],
    [
      'of a locked manager',
      seen([{ name: 'm2', swarm: 'member', os: 'debian:12', why: 'it is locked' }]),
      {},
      /^m2: its engine does not tell which node it is \(it is locked\)/,
    ],
    [
      'of another OS',
      seen([member('m2', { os: 'debian:11' })]),
      {},
      /^m2: it would be replaced \(os debian:11 → debian:12\), and a run that adopts replaces nothing/,
    ],
    [
      'of another engine',
      seen(
        [],
        withNode(nodes, 'w1', (node) => ({ ...node, engineVersion: '26.1.5' })),
      ),
      {},
      /^w1: it would be replaced \(engine 26.1.5 → 20.10\)/,
    ],
    [
      'of another role',
      seen([], [...nodes.filter(({ hostname }) => hostname !== 'w1'), managerNode('w1')]),
      {},
      /^w1: it is a manager, and declared as a worker/,
    ],
    [
      'of another address',
      seen([], [...nodes.slice(1), managerNode('m1', { address: '192.0.2.1:2377' })]),
      {},
      /^m1: it advertises 192.0.2.1, and 10.88.0.11 is declared/,
    ],
    [
      'of another host name',
      seen(
        [],
        withNode(nodes, 'w1', (node) => ({ ...node, hostname: 'worker-one' })),
      ),
      {},
      /^w1: the swarm knows its host as worker-one/,
    ],
    [
      'of a node that is down',
      seen(
        [],
        withNode(nodes, 'w1', (node) => ({ ...node, state: 'down' })),
      ),
      {},
      /^w1: the swarm sees it down/,
    ],
  ];
  for (const [what, facts, more, pattern] of rows) {
    it(what, () => {
      const { reasons, turns } = plan(facts, more);
      assert.equal(reasons.length, 1, reasons.join('\n'));
      assert.match(reasons[0] ?? '', pattern);
      assert.ok(turns.every(({ kind }) => kind !== 'replace'));
    });
  }

  it('when nobody lists the nodes', () => {
    const { reasons } = plan({ ...seen(), nodes: { unseen: 'no leader' } });
    assert.deepEqual(reasons, [
      'swarm swarm-of-the-tests cannot be taken over: no manager lists it (no leader)',
    ]);
  });

  it('with every reason at once', () => {
    const facts = seen([
      member('m2', { os: 'debian:11' }),
      { name: 'w1', swarm: 'unknown', os: undefined },
    ]);
    assert.deepEqual(
      plan(facts).reasons.map((reason) => reason.slice(0, 3)),
      ['m2:', 'w1:'],
    );
  });
});

it('whatever the hosts say, nothing is replaced, and a node is adopted only by the ID that its own host tells', () => {
  const host = fc.record({
    swarm: fc.constantFrom('member', 'none', 'absent', 'unknown' as const),
    os: fc.constantFrom('debian:12', 'debian:11', undefined),
    clusterId: fc.constantFrom(clusterId, 'another'),
    nodeId: fc.constantFrom('id-m1', 'id-m2', 'id-w1', 'removed'),
  });
  fc.assert(
    fc.property(fc.array(host, { minLength: 4, maxLength: 4 }), (hosts) => {
      const sights = ['m1', 'm2', 'm3', 'w1'].map((name, index): HostSight => {
        const { swarm = 'unknown', os, ...more } = hosts[index] ?? {};
        return { name, swarm, os, ...(swarm === 'member' ? more : {}) };
      });
      for (const { kind, name } of plan(seen(sights)).turns) {
        assert.notEqual(kind, 'replace');
        const sight = sights.find((each) => each.name === name);
        if (kind === 'adopt') assert.equal(sight?.nodeId, `id-${name}`);
      }
    }),
  );
});
