import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { barrierReasons } from '../../core/barrier';
import type { ServiceFacts } from '../../core/facts';
import {
  declaredAvailability,
  heldAvailability,
  heldLabel,
  isOutHeld,
  withHold,
  withoutHold,
} from '../../core/held';
import { sourceLabel } from '../../core/labels';
import { planRollout } from '../../core/rollout';
import type { RolloutDeclaration, RolloutNode, RolloutPlan } from '../../core/rolloutFacts';
import {
  isUnfinished,
  parseUpgradeMark,
  renderUpgradeMark,
  takesBack,
  type UpgradeMark,
} from '../../core/upgradeMark';
import { declare, see } from './support/rollouts';
import { healthyNodes } from './support/swarmFacts';

const size = { managers: 3, workers: 2 };
const nodes = healthyNodes(size);
const managers = ['m1', 'm2', 'm3'];

const service = (name: string, more: Partial<ServiceFacts> = {}): ServiceFacts => ({
  ...{ id: name, version: 1, name, mode: 'replicated', replicas: 1, image: 'x:1' },
  ...{ labels: {}, constraints: [] },
  ...more,
});

function inPlace(declared: RolloutDeclaration): RolloutDeclaration {
  const node = (one: RolloutDeclaration['managers'][number]): typeof one => ({
    ...one,
    engineUpgrade: 'inPlace',
  });
  return {
    ...declared,
    managers: declared.managers.map(node),
    workers: declared.workers.map(node),
  };
}

describe('the plan of an upgrade in place', () => {
  const newer = inPlace(declare(size, { engineVersion: '29.9' }));
  const plan = (
    declared = newer,
    seen = see(nodes, size),
    services: readonly ServiceFacts[] = [],
  ): RolloutPlan =>
    planRollout(declared, {
      ...seen,
      running: {
        seen: { services, tasks: Object.fromEntries(services.map(({ name }) => [name, 1])) },
      },
    });

  it('refuses to drain all managers where it cannot be seen what runs', () => {
    const { reasons } = planRollout(newer, {
      ...see(nodes, size),
      running: { unseen: 'no leader' },
    });
    assert.match(reasons.join(), /what runs in the swarm could not be looked at \(no leader\)/);
  });

  it('names the trajectory: node by node, held, and workers after them', () => {
    const { turns, reasons } = plan();
    assert.deepEqual(reasons, []);
    assert.deepEqual(
      turns.map(({ kind }) => kind),
      ['inPlace', 'inPlace', 'inPlace', 'inPlace', 'inPlace'],
    );
    assert.match(
      turns[0]?.sentence ?? '',
      /^upgrade manager m2 in place \(engine \S+ → 29\.9\): 2 of 3 members answer while its engine is stopped, quorum 2, tolerance 0; then it is held, drained, until every manager has its engine$/,
    );
    assert.match(turns[4]?.sentence ?? '', /^upgrade worker w2 in place \(engine \S+ → 29\.9\)/);
    assert.ok(
      turns.every(({ contact }) => contact === undefined),
      'nobody joins',
    );
  });

  it('the version of static programs is that of their archive, where none is declared', () => {
    const engineSource = {
      kind: 'static',
      path: '/srv/docker-29.9.0.tgz',
      sha256: 'a'.repeat(64),
    } as const;
    const { managers, workers } = newer;
    const without = (node: RolloutNode): RolloutNode => ({
      ...node,
      ...{ engineVersion: undefined, engineSource },
    });
    const unpacked = nodes.map((entry) => ({
      ...entry,
      labels: { ...entry.labels, [sourceLabel]: 'static' },
    }));
    const declared = {
      ...newer,
      ...{ managers: managers.map(without), workers: workers.map(without) },
    };
    const { turns } = plan(declared, see(unpacked, size));
    assert.deepEqual([...new Set(turns.map(({ kind }) => kind))], ['inPlace']);
    assert.match(turns[0]?.sentence ?? '', /engine \S+ → 29\.9\.0/);
  });

  it('what cannot go in place is replaced: an older engine, another OS', () => {
    const kinds = (declared: RolloutDeclaration): readonly string[] =>
      plan(inPlace(declared)).turns.map(({ kind }) => kind);
    assert.ok(kinds(declare(size, { engineVersion: '19.3' })).every((kind) => kind === 'replace'));
    assert.ok(
      kinds(declare(size, { os: 'debian:13', engineVersion: '29.9' })).every(
        (kind) => kind === 'replace',
      ),
    );
  });

  it('too few managers are a reason, unless it is the only one and an outage is allowed', () => {
    for (const [count, remedy, isAllowed] of [
      [1, /allowOutage/, true],
      [2, /declare one more manager, or `upgrade: replace`/, false],
    ] as const) {
      const few = { managers: count, workers: 1 };
      const seen = see(healthyNodes(few), few);
      const declared = inPlace(declare(few, { engineVersion: '29.9' }));
      assert.match(plan(declared, seen).reasons.join(), remedy);
      const { reasons } = plan({ ...declared, isOutageAllowed: true }, seen);
      assert.equal(reasons.length === 0, isAllowed, reasons.join());
    }
  });

  it('a service that only managers may have is refused', () => {
    const bound = service('console', { constraints: ['node.role == manager'] });
    assert.match(
      plan(newer, see(nodes, size), [bound]).reasons.join(),
      /service console would run nowhere: m2, m3, m1 stay drained/,
    );
  });

  it('an upgrade that is taken back while a manager is held puts back what was kept there', () => {
    const present = '20.10.24';
    const kept = { m2: { version: present, build: undefined, digest: '' } };
    const left = (availability: 'drain' | 'active'): typeof nodes =>
      nodes.map((node) =>
        node.hostname === 'm2'
          ? {
              ...{ ...node, availability, engineVersion: '29.9.1' },
              labels: withHold(node.labels, 'active'),
            }
          : node,
      );
    const former = inPlace(declare(size, { engineVersion: present }));
    const take = (more: object): RolloutPlan =>
      planRollout(former, {
        ...see(left('drain'), size),
        ...{ running: { unseen: 'nobody is asked' }, ...more },
      });
    const { turns, reasons, warnings } = take({ kept });
    assert.deepEqual(reasons, [], 'who lets go is not kept from it');
    assert.ok(!warnings.join().includes('goes back'), warnings.join());
    assert.deepEqual(
      turns.map(({ kind, sentence }) => [kind, sentence]),
      [
        [
          'inPlace',
          'take the upgrade of manager m2 back in place (engine 29.9.1 → 20.10.24): 2 of 3 members answer while its engine is stopped, quorum 2, tolerance 0; the engine that was kept is put back, and it serves again when every manager has its engine',
        ],
      ],
    );
    const { managers: own, workers } = declare(size, { engineVersion: present });
    const whole = planRollout(
      { ...former, managers: own, workers },
      { ...see(left('drain'), size), kept },
    );
    assert.deepEqual(
      whole.turns.map(({ kind }) => kind),
      ['inPlace'],
      'also when `inPlace` is taken back with it',
    );
    assert.deepEqual(
      take({}).turns.map(({ kind }) => kind),
      ['replace'],
      'where nothing is known to be kept',
    );
  });

  it('what may go back is the kept engine of a node that is out for its upgrade', () => {
    const mark: UpgradeMark = {
      phase: 'done',
      from: { version: '26.1.5', packages: ['docker.io'], digest: '' },
      to: { version: '28.5', digest: '' },
    };
    const kept = { version: '26.1.5', build: undefined, digest: '' };
    assert.deepEqual(takesBack(mark, true), kept);
    assert.equal(takesBack(mark, false), undefined);
    assert.deepEqual(takesBack({ ...mark, phase: 'kept' }, false), kept);
    assert.equal(takesBack(undefined, true), undefined);
    const held = { labels: withHold({}, 'active') };
    assert.ok(isOutHeld({ ...held, availability: 'drain' }));
    assert.ok(!isOutHeld({ ...held, availability: 'active' }), 'it serves by now');
    assert.ok(!isOutHeld({ labels: {}, availability: 'drain' }));
  });

  it('what is held while nothing is declared to go in place is told of, and nothing is refused', () => {
    const left = nodes.map((node) =>
      node.hostname === 'm2' ? { ...node, labels: withHold(node.labels, 'active') } : node,
    );
    const taken = planRollout(declare(size), see(left, size));
    assert.deepEqual(taken.reasons, []);
    assert.match(
      taken.warnings.join(),
      /m2: drained by an upgrade in place that has not come to its end, and let go by this run/,
    );
    const resumed = planRollout(inPlace(declare(size)), see(left, size));
    assert.deepEqual([resumed.reasons, resumed.warnings], [[], []]);
  });
});

describe('the barrier', () => {
  const reasons = (
    services: readonly ServiceFacts[],
    balancedPorts?: readonly number[],
    held = managers,
  ): readonly string[] =>
    barrierReasons({
      ...{ nodes, held, services, balancedPorts },
      running: Object.fromEntries(services.map(({ name }) => [name, 1])),
    });
  const rows: readonly (readonly [string, readonly string[], RegExp | undefined])[] = [
    ['anywhere', reasons([service('web')]), undefined],
    [
      'on managers only',
      reasons([service('web', { constraints: ['node.role==manager'] })]),
      /web would run nowhere/,
    ],
    [
      'on one node that stays',
      reasons([service('web', { constraints: ['node.hostname==w1'] })]),
      undefined,
    ],
    [
      'where nobody can tell',
      reasons([service('web', { constraints: ['node.platform.os==linux'] })]),
      undefined,
    ],
    [
      'on managers, of which one stays',
      reasons([service('web', { constraints: ['node.role==manager'] })], undefined, ['m1', 'm2']),
      undefined,
    ],
    [
      'on a port of the holder',
      reasons([service('web', { hostPorts: [80] })], []),
      /web would not answer at the virtual IP.*its port 80/,
    ],
    [
      'on a port of the holder, without a virtual IP',
      reasons([service('web', { hostPorts: [80] })]),
      undefined,
    ],
    ['on a balanced port', reasons([service('web', { hostPorts: [80] })], [80]), undefined],
    [
      'on a port of workers',
      reasons([service('web', { hostPorts: [80], constraints: ['node.role==worker'] })], []),
      undefined,
    ],
    [
      'on a port, one manager held',
      reasons([service('web', { hostPorts: [80] })], [], ['m1']),
      undefined,
    ],
  ];
  for (const [where, found, wanted] of rows) {
    it(`a service ${where}: ${wanted === undefined ? 'goes on' : 'is refused'}`, () => {
      if (wanted === undefined) assert.deepEqual(found, []);
      else assert.match(found.join(), wanted);
    });
  }

  it('a service that does not run is nobody’s loss', () => {
    const bound = service('web', { constraints: ['node.role==manager'] });
    const barrier = { nodes, held: managers, services: [bound], balancedPorts: undefined };
    assert.deepEqual(barrierReasons({ ...barrier, running: { web: 0 } }), []);
  });
});

describe('what is held, and what is kept', () => {
  it('a hold gives back what was declared, also when it is noted twice', () => {
    const [node] = nodes;
    assert.ok(node !== undefined);
    const held = {
      ...node,
      availability: 'drain' as const,
      labels: withHold(node.labels, 'pause'),
    };
    assert.equal(heldAvailability(node), undefined);
    assert.equal(declaredAvailability(held), 'pause');
    assert.equal(
      declaredAvailability({ ...held, labels: { [heldLabel]: 'constructor' } }),
      'active',
    );
    assert.deepEqual(withoutHold(held.labels), node.labels);
  });

  it('a mark is read as it was written, and anything else is none', () => {
    const mark: UpgradeMark = {
      phase: 'kept',
      from: { version: '26.1.5', packages: ['docker.io'], digest: '', daemonFile: '{}' },
      to: { version: '28.5', digest: 'x' },
    };
    assert.deepEqual(parseUpgradeMark(renderUpgradeMark(mark)), mark);
    for (const text of [undefined, '', '{', '{"phase":"kept"}', '[]', 'null']) {
      assert.equal(parseUpgradeMark(text), undefined);
    }
    assert.ok(isUnfinished(mark));
    assert.ok(!isUnfinished({ ...mark, phase: 'done' }));
    assert.ok(!isUnfinished(undefined));
  });
});
