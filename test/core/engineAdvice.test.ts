import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { osLabel } from '../../core/labels';
import { planRollout } from '../../core/rollout';
import type { RolloutDeclaration, RolloutFacts, RolloutPlan } from '../../core/rolloutFacts';
import { declare, see } from './support/rollouts';
import { healthyNodes, withNode } from './support/swarmFacts';

const size = { managers: 3, workers: 1 };

/** A live swarm of one engine, and another one declared. */
function roll(
  present: string,
  wanted: string | undefined,
  more: { readonly os?: string; readonly facts?: Partial<RolloutFacts> } = {},
): RolloutPlan {
  const nodes = healthyNodes(size).map((node) => ({ ...node, engineVersion: present }));
  const wish = {
    ...(wanted === undefined ? {} : { engineVersion: wanted }),
    ...(more.os === undefined ? {} : { os: more.os }),
  };
  return planRollout(declare(size, wish), { ...see(nodes, size), ...more.facts });
}

describe('engines that are declared', () => {
  it('one with a known fault is refused, with why and what to take instead', () => {
    const { reasons } = roll('26.1.5', '28.0.0');
    assert.deepEqual(reasons, [
      'm1, m2, m3, w1: engine 28.0.0: published ports of swarm services are not reached: the rules of the ingress network are in the wrong order (https://github.com/moby/moby/pull/49538); take 28.0.1 or later',
    ]);
    assert.deepEqual(roll('28.0.0', '28.0.0').reasons, [], 'nothing is installed');
  });

  it('in a swarm that is yet to be founded, too', () => {
    const { managers } = see(healthyNodes(size), size);
    const facts = {
      managers: managers.map((host) => ({ ...host, swarm: 'absent' as const })),
      ...{ gate: undefined, nodes: { unseen: 'no manager answers' }, vipHolder: undefined },
    };
    const { reasons } = planRollout(declare(size, { engineVersion: '28.0.0' }), facts);
    assert.match(reasons.join(), /^m1, m2, m3, w1: engine 28\.0\.0: /);
  });

  it('one with a lesser fault is warned of', () => {
    const { reasons, warnings } = roll('28.5.2', '29.0.0');
    assert.deepEqual(reasons, []);
    assert.match(
      warnings.join(),
      /m1, m2, m3, w1: engine 29\.0\.0: names of services .*moby#53141/,
    );
    assert.match(
      warnings.join(),
      /during this roll managers have engines of different releases, which was tried with 20\.10\.0 to before 29\.0\.0, and not with m1 29\.0\.0, m2 29\.0\.0, m3 29\.0\.0/,
    );
  });

  const ways: readonly (readonly [string, string, 'silent' | 'warned' | 'refused'])[] = [
    ['20.10.24', '28.5.2', 'silent'],
    ['28.5.2', '28.5.1', 'silent'],
    ['28.5.2', '28.4.0', 'warned'],
    ['28.5.2', '26.1.5', 'warned'],
    ['28.5.2', '20.10', 'warned'],
    ['29.10.0', '28.5.2', 'refused'],
    ['26.1.5', '19.03.15', 'refused'],
  ];
  for (const [present, wanted, expected] of ways) {
    it(`${present} → ${wanted} is ${expected}`, () => {
      const { reasons, warnings } = roll(present, wanted);
      const isBack = (text: string): boolean => text.includes(`${present} → ${wanted} goes back`);
      const verdict = reasons.some(isBack)
        ? 'refused'
        : warnings.some(isBack)
          ? 'warned'
          : 'silent';
      assert.equal(verdict, expected, [...reasons, ...warnings].join('\n'));
    });
  }

  it('a machine that is rebuilt holds nothing that an older engine could not read', () => {
    assert.deepEqual(roll('29.10.0', '28.5.2', { os: 'debian:13' }).reasons, []);
  });

  it('managers that are to stay on different releases are warned of; those on leading parts of one are not', () => {
    const declared = (versions: readonly (string | undefined)[]): RolloutDeclaration => {
      const all = declare(size);
      return {
        ...all,
        managers: all.managers.map((node, index) => ({ ...node, engineVersion: versions[index] })),
      };
    };
    const mixed = planRollout(
      declared(['20.10', '26.1.5', undefined]),
      see(healthyNodes(size), size),
    );
    assert.deepEqual(mixed.warnings, [
      'managers are declared with engines of different releases (m1 20.10.24, m2 26.1.5, m3 20.10.24): good for a roll, and not to stay, as the leader’s serves what the others ask; declare one `engine.version` for all',
    ]);
    const same = planRollout(declared(['20', '20.10', undefined]), see(healthyNodes(size), size));
    assert.deepEqual(same.warnings, []);
  });
});

describe('by whom a newer engine joins', () => {
  const alpn = { m1: { seen: false }, m2: { seen: false }, m3: { seen: true } };

  it('each node joins by a manager that offers ALPN when its turn comes', () => {
    const { turns, reasons } = roll('26.1.5', '28.5.2', { facts: { alpn } });
    assert.deepEqual(reasons, []);
    assert.deepEqual(
      turns.map(({ name, contact, sentence }) => [name, contact, sentence.split('; ').at(-1)]),
      [
        ['m2', 'm3', 'joins through m3, as m1 offers no ALPN'],
        ['m3', 'm2', 'joins through m2, as m1 offers no ALPN'],
        ['m1', 'm2', 'joins through m2'],
        ['w1', 'm1', 'joins through m1'],
      ],
    );
  });

  it('where none does, it is said that the engine does without; one that is somebody else’s is refused', () => {
    const none = { m1: { seen: false }, m2: { seen: false }, m3: { seen: false } };
    const { turns, reasons } = roll('26.1.5', '28.5.2', { facts: { alpn: none } });
    assert.deepEqual(reasons, []);
    assert.equal(
      turns[0]?.sentence.split('; ').at(-1),
      'joins through m1, and does without ALPN until it has joined: m1 and m3 offer no ALPN',
    );
    assert.equal(turns[1]?.contact, 'm2', 'the one that is new by then');

    const declared = declare(size, { engineVersion: '28.5.2' });
    const nodes = healthyNodes(size).map((node) => ({
      ...node,
      labels: { ...node.labels, 'com.pulumi.swarm.engine-source': 'preinstalled' },
    }));
    const preinstalled = { kind: 'preinstalled' } as const;
    const own = {
      ...declared,
      managers: declared.managers.map((node) => ({ ...node, engineSource: preinstalled })),
      workers: [],
    };
    assert.deepEqual(planRollout(own, { ...see(nodes, size), alpn: none }).reasons, [
      'm2: its engine asks for ALPN, which m1, m3 do not offer since the last change of certificate, and with the source `preinstalled` how it starts is its owner’s; restart docker on one of these while it is drained, or start its own engine with GRPC_ENFORCE_ALPN_ENABLED=false until it has joined',
    ]);
  });

  it('a worker that stands in for an only manager was promoted, and has lost ALPN', () => {
    const one = { managers: 1, workers: 1 };
    const plan = planRollout(
      { ...declare(one, { engineVersion: '28.5.2' }), standIn: true },
      { ...see(healthyNodes(one), one), knowsStandIns: true, alpn: { m1: { seen: true } } },
    );
    assert.match(
      plan.turns[0]?.sentence ?? '',
      /joins through w1, and does without ALPN until it has joined: w1 offers no ALPN$/,
    );
  });

  it('an engine that comes with another OS is not known before; it may ask for ALPN', () => {
    const nodes = withNode(healthyNodes(size), 'w1', (node) => ({
      ...node,
      labels: { ...node.labels, [osLabel]: 'debian:13' },
    }));
    const plan = planRollout(declare(size, { os: 'debian:13' }), {
      ...see(nodes, size),
      alpn: { m1: { seen: false }, m2: { seen: false }, m3: { seen: false } },
    });
    assert.match(
      plan.turns[0]?.sentence ?? '',
      /does without ALPN until it has joined if its engine asks for it: m1 and m3 offer no ALPN$/,
    );
  });

  it('a worker of 28 is not promoted by managers without ALPN: neither as a stand-in nor by its role', () => {
    const none = { m1: { seen: false }, m2: { seen: false }, m3: { seen: false } };
    const nodes = withNode(healthyNodes(size), 'w1', (node) => ({
      ...node,
      engineVersion: '28.5.2',
    }));
    const facts = { ...see(nodes, size), alpn: none };
    const why = (name: string, managers: string): string =>
      `${name}: to become a manager its engine 28.5.2 asks for ALPN, which ${managers} do not offer since the last change of certificate; it is not promoted; restart docker on one of these while it is drained`;
    const standIn = { ...declare(size, { os: 'debian:13' }), standIn: true as const };
    assert.deepEqual(planRollout(standIn, facts).reasons, [why('w1', 'm1, m2, m3')]);
    const some = { ...facts, alpn: { ...none, m2: { seen: true } } };
    assert.deepEqual(planRollout(standIn, some).reasons, []);
    const { managers, workers } = declare(size);
    const role = { ...declare(size), managers: [...managers, ...workers], workers: [] };
    assert.deepEqual(planRollout(role, facts).reasons, [why('w1', 'm1, m2, m3')]);
    assert.deepEqual(planRollout(role, some).reasons, []);
  });
});
