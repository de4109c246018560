import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { SwarmNodeFacts } from '../../core/facts';
import { managedLabel, osLabel } from '../../core/labels';
import { planRollout } from '../../core/rollout';
import type { RolloutDeclaration, RolloutFacts } from '../../core/rolloutFacts';
import { randomDeclaration, randomRolloutFacts } from './support/randomWorlds';
import { standInLabel } from '../../core/standIn';
import { declare, see } from './support/rollouts';
import { healthyNodes, managerNode, withNode } from './support/swarmFacts';

const size = { managers: 3, workers: 2 };
const nodes = healthyNodes(size);

function turns(declared: RolloutDeclaration, facts: RolloutFacts): readonly string[] {
  return planRollout(declared, facts).turns.map(({ sentence }) => sentence);
}

describe('planRollout: is there a swarm?', () => {
  const rows = [
    { hosts: ['none', 'none', 'none'], swarm: 'none' },
    { hosts: ['absent', 'absent', 'absent'], swarm: 'none' },
    { hosts: ['none', 'absent', 'none'], swarm: 'none' },
    { hosts: ['member', 'none', 'absent'], swarm: 'live' },
    { hosts: ['member', 'unknown', 'unknown'], swarm: 'live' },
    { hosts: ['none', 'unknown', 'none'], swarm: 'unknown' },
    { hosts: ['unknown', 'unknown', 'unknown'], swarm: 'unknown' },
  ] as const;
  for (const { hosts, swarm } of rows) {
    it(`${hosts.join(', ')}: ${swarm}`, () => {
      const managers = hosts.map((one, index) => ({
        name: `m${String(index + 1)}`,
        swarm: one,
        why: '',
        os: undefined,
        engineVersion: undefined,
      }));
      const facts = { managers, gate: undefined, nodes: { unseen: 'x' }, vipHolder: undefined };
      const plan = planRollout(declare(size), facts);
      assert.equal(plan.swarm, swarm);
      assert.deepEqual(plan.managers, ['m1', 'm2', 'm3']);
      assert.deepEqual(plan.batches, [['w1'], ['w2']]);
      assert.deepEqual(plan.turns, []);
      assert.deepEqual(plan.reasons, []);
    });
  }
});

describe('planRollout: a healthy swarm', () => {
  it('has no turns, no reasons and nothing to warn of when it equals its declaration', () => {
    for (const managers of [3, 5, 7]) {
      for (const workers of [0, 1, 5]) {
        const same = { managers, workers };
        const declared = declare(same, { os: 'debian:12', engineVersion: '20.10' });
        const plan = planRollout(declared, see(healthyNodes(same), same));
        assert.deepEqual(plan.turns, []);
        assert.deepEqual(plan.reasons, []);
        assert.deepEqual(plan.warnings, []);
      }
    }
  });

  it('says who stands in, and that three managers keep their tolerance by it', () => {
    const { turns, reasons } = planRollout(
      { ...declare(size, { os: 'debian:13' }), standIn: true },
      see(nodes, size),
    );
    assert.deepEqual(reasons, []);
    assert.deepEqual(
      turns.slice(0, 2).map(({ sentence }) => sentence),
      [
        'replace manager m2 (os debian:12 → debian:13): w1 stands in: 3 → 4 members, 3 while it is out, quorum 2, tolerance 1; joins through m1',
        'replace manager m3 (os debian:12 → debian:13): w1 stands in: 3 → 4 members, 3 while it is out, quorum 2, tolerance 1; joins through m1',
      ],
    );
  });

  it('goes on with one that stands in since an interrupted run, and counts it out afterwards', () => {
    const interrupted = [
      ...nodes.filter(({ hostname }) => hostname !== 'm2' && hostname !== 'w1'),
      managerNode('w1', {}, { labels: { ...nodes[0]?.labels, [standInLabel]: 'm2' } }),
    ];
    const plan = planRollout(
      { ...declare(size, { os: 'debian:13' }), standIn: true },
      see(interrupted, size),
    );
    assert.deepEqual(plan.managers, ['m2', 'm3', 'm1']);
    assert.deepEqual(plan.reasons, []);
    assert.deepEqual(
      plan.turns.slice(0, 2).map(({ sentence }) => sentence),
      [
        'add manager m2: 2 → 3 members, quorum 2, tolerance 1; joins through m1',
        'replace manager m3 (os debian:12 → debian:13): w1 stands in: 3 → 4 members, 3 while it is out, quorum 2, tolerance 1; joins through m1',
      ],
    );
  });

  it('refuses a roll that nobody healthy can stand in for, and says why of each', () => {
    const down = withNode(nodes, 'w1', (node) => ({ ...node, state: 'down' }));
    const both = withNode(down, 'w2', (node) => ({ ...node, state: 'down' }));
    const wish = (standIn: true | string): ReturnType<typeof planRollout> =>
      planRollout({ ...declare(size, { os: 'debian:13' }), standIn }, see(both, size));
    assert.ok(
      wish(true).reasons.includes('no healthy worker can stand in: w1 is down; w2 is down'),
    );
    assert.ok(wish('w2').reasons.includes('no healthy worker can stand in: w2 is down'));
    const only = planRollout({ ...declare(size), standIn: true }, see(both, size));
    assert.deepEqual(only.reasons, [], 'nobody goes, so nobody has to stand in');
  });

  it('rolls the leader last, then the workers, and says where the virtual IP goes when', () => {
    const facts = { ...see(nodes, size), vipHolder: 'm2' };
    const vip = { addresses: ['10.88.0.100/24'] };
    const plan = planRollout({ ...declare(size, { os: 'debian:13' }), vip }, facts);
    assert.deepEqual(plan.managers, ['m2', 'm3', 'm1']);
    assert.equal(plan.vip, 'VIP 10.88.0.100 is on m2; goes to m1 before m2, goes to m3 before m1');
    assert.deepEqual(plan.reasons, []);
    assert.deepEqual(
      plan.turns.map(({ sentence }) => sentence),
      [
        'replace manager m2 (os debian:12 → debian:13): 3 → 2 members while it is out, quorum 2, tolerance 0; hand the virtual IP over from m2 to m1; joins through m1',
        'replace manager m3 (os debian:12 → debian:13): 3 → 2 members while it is out, quorum 2, tolerance 0; joins through m1',
        'replace manager m1 (os debian:12 → debian:13): 3 → 2 members while it is out, quorum 2, tolerance 0; the leader, handed over by its demotion; hand the virtual IP over from m1 to m3; joins through m2',
        'replace worker w1 (os debian:12 → debian:13): drained first, the managers stay untouched; joins through m1',
        'replace worker w2 (os debian:12 → debian:13): drained first, the managers stay untouched; joins through m1',
      ],
    );
  });

  it('names everything that differs, and only nodes that differ', () => {
    const declared = declare(size);
    const one = { ...declared.managers[2]!, os: 'debian:13', engineVersion: '26.1.5' };
    const changed = { ...declared, managers: [...declared.managers.slice(0, 2), one] };
    const plan = planRollout(changed, see(nodes, size));
    assert.deepEqual(
      plan.turns.map(({ name, kind, why }) => ({ name, kind, why })),
      [
        {
          name: 'm3',
          kind: 'replace',
          why: ['os debian:12 → debian:13', 'engine 20.10.24 → 26.1.5'],
        },
      ],
    );
  });

  it('believes a manager’s own host rather than the label of its entry', () => {
    const facts = see(nodes, size);
    const managers = facts.managers.map((host) => ({ ...host, os: 'debian:13' }));
    const declared = { ...declare(size, { os: 'debian:13' }), workers: [] };
    assert.deepEqual(turns(declared, { ...facts, managers }), []);
  });

  it('sees no difference where nobody can tell the OS', () => {
    const unlabelled = nodes.map((node) => ({ ...node, labels: { [managedLabel]: 'true' } }));
    const facts = see(unlabelled, size);
    const managers = facts.managers.map((host) => ({ ...host, os: undefined }));
    assert.deepEqual(turns(declare(size, { os: 'debian:13' }), { ...facts, managers }), []);
  });

  it('counts a manager that is added when the next ones go', () => {
    const four = { managers: 4, workers: 0 };
    const facts = see(healthyNodes({ managers: 3, workers: 0 }), four, ['m4']);
    assert.deepEqual(turns(declare(four, { os: 'debian:13' }), facts).slice(0, 2), [
      'add manager m4: 3 → 4 members, quorum 3, tolerance 1; joins through m1',
      'replace manager m2 (os debian:12 → debian:13): 4 → 3 members while it is out, quorum 2, tolerance 1; joins through m1',
    ]);
  });

  it('adds a worker', () => {
    const three = { managers: 3, workers: 3 };
    assert.deepEqual(turns(declare(three), see(nodes, three)), ['add worker w3; joins through m1']);
  });

  it('waits out a change of leader instead of refusing', () => {
    const settling = nodes.map((node) => ({ ...node, state: 'unknown' as const }));
    assert.deepEqual(
      planRollout(declare(size, { os: 'debian:13' }), see(settling, size)).reasons,
      [],
    );
  });

  it('says that it knows nothing of the turns when no manager lists its nodes', () => {
    const facts = { ...see(nodes, size), nodes: { unseen: 'no leader' } };
    const plan = planRollout(declare(size, { os: 'debian:13' }), facts);
    assert.deepEqual(plan.turns, []);
    assert.match(plan.warnings.join(), /no manager lists the nodes of the swarm \(no leader\)/);
  });
});

describe('planRollout: warnings about the number of managers', () => {
  const rows: readonly [number, RegExp | undefined][] = [
    [1, /^one manager: the swarm stops when it does/],
    [2, /^two managers: the swarm stops when either of them does/],
    [3, undefined],
    [4, /^4 managers survive the loss of 1, no more than 3 do.*odd number is better$/],
    [5, undefined],
    [6, /^6 managers survive the loss of 2, no more than 5 do.*odd number is better$/],
    [7, undefined],
  ];
  for (const [managers, warning] of rows) {
    it(`${String(managers)}: ${warning === undefined ? 'none' : 'says what it means'}`, () => {
      const count = { managers, workers: 0 };
      const { warnings } = planRollout(declare(count), see(healthyNodes(count), count));
      assert.equal(warnings.length, warning === undefined ? 0 : 1);
      if (warning !== undefined) assert.match(warnings[0] ?? '', warning);
    });
  }
});

describe('planRollout: random worlds', () => {
  it('always gives a plan, whose order holds every declared node once', () => {
    fc.assert(
      fc.property(randomDeclaration, randomRolloutFacts, (declared, facts) => {
        const plan = planRollout(declared, facts);
        assert.deepEqual(
          [...plan.managers].sort(),
          declared.managers.map(({ name }) => name).sort(),
        );
        assert.deepEqual(
          plan.batches.flat().sort(),
          declared.workers.map(({ name }) => name).sort(),
        );
        if (plan.swarm !== 'live') assert.deepEqual(plan.turns, []);
        if (plan.swarm === 'live' && plan.turns.length === 0) assert.deepEqual(plan.reasons, []);
      }),
      { numRuns: 2000 },
    );
  });

  it('has no turns and no reasons for any healthy world that equals its declaration', () => {
    const shape = fc.record({
      managers: fc.integer({ min: 1, max: 7 }),
      workers: fc.nat(6),
      leader: fc.nat(6),
      os: fc.constantFrom('debian:12', 'debian:13', undefined),
    });
    fc.assert(
      fc.property(shape, ({ managers, workers, leader, os }) => {
        const same = { managers, workers };
        const leading = `m${String((leader % managers) + 1)}`;
        const world = healthyNodes(same).map((node): SwarmNodeFacts => {
          const labels = { [managedLabel]: 'true', [osLabel]: os ?? 'debian:12' };
          return node.role === 'manager'
            ? managerNode(node.hostname, { isLeader: node.hostname === leading }, { labels })
            : { ...node, labels };
        });
        const plan = planRollout(declare(same, { os }), see(world, same));
        assert.deepEqual(plan.turns, []);
        assert.deepEqual(plan.reasons, []);
        assert.equal(plan.managers.at(-1), leading);
      }),
    );
  });

  it('plans an empty declaration too', () => {
    const empty = { managers: [], workers: [], maxUnavailable: 1 };
    const plan = planRollout(empty, see([], { managers: 0, workers: 0 }));
    assert.deepEqual(
      { ...plan, swarm: undefined },
      {
        swarm: undefined,
        managers: [],
        batches: [],
        maxUnavailable: 1,
        turns: [],
        reasons: [],
        warnings: [],
      },
    );
  });
});

it('an entry of an earlier life does not hide the one that is alive', () => {
  const old = managerNode('m2', {}, { id: 'old', state: 'down', managerStatus: undefined });
  const facts = see([old, ...nodes], size);
  assert.deepEqual(turns(declare(size, { os: 'debian:12' }), facts), []);
  const gone = withNode(nodes, 'm2', (node) => ({ ...node, state: 'down' }));
  assert.deepEqual(turns(declare(size, { os: 'debian:12' }), see(gone, size)), []);
});
