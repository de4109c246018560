import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SwarmNodeFacts } from '../../core/facts';
import { planRollout } from '../../core/rollout';
import type { RolloutNode, RolloutPlan } from '../../core/rolloutFacts';
import { standInLabel } from '../../core/standIn';
import { declare, see } from './support/rollouts';
import {
  healthyNodes,
  managerNode,
  withNode,
  withReachability,
  workerNode,
} from './support/swarmFacts';

const size = { managers: 3, workers: 2 };
const nodes = healthyNodes(size);
const next = declare(size, { os: 'debian:13' });

/** A roll to the next OS that was interrupted while one node was out. */
function resume(world: readonly SwarmNodeFacts[], silent: readonly string[] = []): RolloutPlan {
  return planRollout(next, see(world, size, silent));
}

function sentences(plan: RolloutPlan): readonly string[] {
  return plan.turns.map(({ sentence }) => sentence);
}

function without(...gone: readonly string[]): readonly SwarmNodeFacts[] {
  return nodes.filter(({ hostname }) => !gone.includes(hostname));
}

describe('planRollout: an interrupted run goes on', () => {
  // m1 was the leader; its demotion handed over to m2.
  const led = nodes.map((node) =>
    node.role === 'manager'
      ? managerNode(node.hostname, { isLeader: node.hostname === 'm2' })
      : node,
  );

  it('m1 is out of the list: put back first, and counted when the next ones go', () => {
    const plan = resume(led.filter(({ hostname }) => hostname !== 'm1'));
    assert.deepEqual(plan.reasons, []);
    assert.deepEqual(plan.managers, ['m1', 'm3', 'm2']);
    assert.deepEqual(sentences(plan).slice(0, 2), [
      'add manager m1: 2 → 3 members, quorum 2, tolerance 1; joins through m2',
      'replace manager m3 (os debian:12 → debian:13): 3 → 2 members while it is out, quorum 2, tolerance 0; joins through m1',
    ]);
  });

  it('m1 is out of the list, and its half-built host does not answer', () => {
    assert.deepEqual(
      resume(
        led.filter(({ hostname }) => hostname !== 'm1'),
        ['m1'],
      ).reasons,
      [],
    );
  });

  it('m1 is there, but no raft member any more', () => {
    const demoted = withNode(led, 'm1', (node) => ({
      ...node,
      role: 'worker',
      availability: 'drain',
      managerStatus: undefined,
    }));
    const plan = resume(demoted);
    assert.deepEqual(plan.reasons, []);
    assert.deepEqual(sentences(plan).slice(0, 2), [
      'replace manager m1 (os debian:12 → debian:13): no member at present; 2 → 3 members, quorum 2, tolerance 1 when it is back; joins through m2',
      'replace manager m3 (os debian:12 → debian:13): 3 → 2 members while it is out, quorum 2, tolerance 0; joins through m1',
    ]);
  });

  it('one of two is out: nobody but the other can be asked, until it is put back', () => {
    const two = { managers: 2, workers: 0 };
    const declared = declare(two, { os: 'debian:13' });
    const other = managerNode('m1');
    const demoted = workerNode('m2', { availability: 'drain' });
    for (const world of [[other, demoted], [other]]) {
      const plan = planRollout(declared, see(world, two));
      assert.deepEqual(plan.reasons, []);
      assert.deepEqual(plan.managers, ['m2', 'm1']);
    }
    const silent = planRollout(declared, see([other, managerNode('m2', {})], two, ['m2']));
    assert.deepEqual(silent.reasons, [
      'm2 does not answer: no route to host',
      'no other manager answers with the list of nodes',
    ]);
  });

  it('m1 is drained only', () => {
    const drained = withNode(nodes, 'm1', (node) => ({ ...node, availability: 'drain' }));
    assert.deepEqual(resume(drained).reasons, []);
  });

  it('m1 is rebuilt and waits as a drained worker for its promotion', () => {
    const rebuilt = withNode(led, 'm1', () => workerNode('m1', { availability: 'drain' }));
    assert.deepEqual(resume(rebuilt).reasons, []);
  });

  it('w1 is out of the list: put back first', () => {
    const plan = resume(without('w1'));
    assert.deepEqual(plan.reasons, []);
    assert.deepEqual(plan.batches, [['w1'], ['w2']]);
    assert.ok(sentences(plan).includes('add worker w1; joins through m1'));
  });

  it('w1 has left, and its entry is still there: rebuilt first', () => {
    const left = withNode(nodes, 'w2', (node) => ({ ...node, state: 'down' }));
    const plan = resume(left);
    assert.deepEqual(plan.reasons, []);
    assert.deepEqual(plan.batches, [['w2'], ['w1']]);
  });
});

describe('planRollout: what cannot be done safely now', () => {
  it('names the third manager that is off when others are to be replaced', () => {
    const off = withReachability(nodes, 'm3', 'unreachable');
    const { reasons } = planRollout(next, see(off, size, ['m3']));
    assert.deepEqual(reasons, [
      'm3 does not answer: no route to host',
      'manager m3 is unreachable',
      'taking m2 out would leave 1 reachable of 2 managers, and 2 are needed',
      'taking m1 out would leave 1 reachable of 2 managers, and 2 are needed',
    ]);
  });

  it('does not refuse for it when nothing is to be replaced', () => {
    const off = withReachability(nodes, 'm3', 'unreachable');
    assert.deepEqual(planRollout(declare(size), see(off, size, ['m3'])).reasons, []);
  });

  it('refuses for a manager that the leader reaches, but that does not answer us', () => {
    const { reasons } = planRollout(next, see(nodes, size, ['m3']));
    assert.deepEqual(reasons, ['m3 does not answer: no route to host']);
  });

  it('refuses the single manager, in one sentence', () => {
    const one = { managers: 1, workers: 1 };
    const plan = planRollout(declare(one, { os: 'debian:13' }), see(healthyNodes(one), one));
    assert.deepEqual(plan.reasons, [
      'm1 is the only manager: replacing it would end the swarm; declare two more managers first, or `standIn` and a worker; or accept that the swarm is without a manager meanwhile: `allowOutage: true` and `backup`',
    ]);
  });

  it('lets the single manager go where a worker carries the swarm meanwhile, and is known', () => {
    const one = { managers: 1, workers: 1 };
    const declared = { ...declare(one, { os: 'debian:13' }), standIn: true as const };
    const facts = see(healthyNodes(one), one);
    assert.deepEqual(planRollout(declared, facts).reasons, [
      'm1 is the only manager: how a worker that stands in for it is reached was not known to the last run; run `pulumi up` with `standIn` alone, and then with the change',
    ]);
    const plan = planRollout(declared, { ...facts, knowsStandIns: true });
    assert.deepEqual(plan.reasons, []);
    assert.equal(
      plan.turns[0]?.sentence,
      'replace manager m1 (os debian:12 → debian:13): w1 stands in: 1 → 2 members, 1 while it is out, quorum 1, tolerance 0; the leader, handed over by its demotion; joins through w1, and does without ALPN until it has joined if its engine asks for it: w1 offers no ALPN',
    );
  });

  it('goes on while a worker carries the swarm, and founds no second one', () => {
    const one = { managers: 1, workers: 1 };
    const w1 = managerNode('w1', { isLeader: true }, { labels: { [standInLabel]: 'm1' } });
    const plan = planRollout(
      { ...declare(one, { os: 'debian:13' }), standIn: true },
      { ...see([w1], one), isHeldByStandIn: true, knowsStandIns: true, nodes: { seen: [w1] } },
    );
    assert.equal(plan.swarm, 'live');
    assert.deepEqual(plan.reasons, []);
    assert.equal(
      plan.turns[0]?.sentence,
      'add manager m1: 0 → 1 members, quorum 1, tolerance 0; joins through w1, and does without ALPN until it has joined if its engine asks for it: w1 offers no ALPN',
    );
  });

  it('lets the workers of a single manager go', () => {
    const one = { managers: 1, workers: 1 };
    const declared = declare(one, { os: 'debian:13' });
    const kept = { ...declared.managers[0]!, os: 'debian:12' };
    const plan = planRollout({ ...declared, managers: [kept] }, see(healthyNodes(one), one));
    assert.deepEqual(plan.reasons, []);
    assert.deepEqual(
      plan.turns.map(({ name }) => name),
      ['w1'],
    );
  });

  it('refuses for a worker that is down and stays as it is', () => {
    const down = withNode(nodes, 'w1', (node) => ({ ...node, state: 'down' }));
    const workers = next.workers.map((node) =>
      node.name === 'w1' ? { ...node, os: 'debian:12' } : node,
    );
    assert.deepEqual(planRollout({ ...next, workers }, see(down, size)).reasons, [
      'worker w1 is down, and 1 may be out at once',
    ]);
  });

  it('refuses while the root CA rotates, and says so once', () => {
    const facts = see(nodes, size);
    const gate = { ...facts.gate!, isRootRotationInProgress: true };
    assert.deepEqual(planRollout(next, { ...facts, gate }).reasons, [
      'a rotation of the root CA is in progress: tokens and certificates are changing',
    ]);
  });

  it('refuses for a silent member of an earlier life', () => {
    const old = managerNode('m2', { reachability: 'unreachable' }, { id: 'old', state: 'down' });
    assert.deepEqual(planRollout(next, see([...nodes, old], size)).reasons, [
      'm2 is a member more than once: an earlier one was never removed',
    ]);
  });
});

describe('planRollout: a dead node that is no longer declared', () => {
  const dead = managerNode('m9', { reachability: 'unreachable' }, { state: 'down' });

  it('is evicted at the head of the run, so it stops nothing, and it is named', () => {
    const plan = planRollout(next, see([...nodes, dead], size));
    assert.deepEqual(plan.reasons, []);
    assert.deepEqual(plan.warnings, [
      'm9 (id-m9) does not answer and is no longer declared: it is evicted before anything else',
    ]);
    assert.match(sentences(plan)[0] ?? '', /3 → 2 members while it is out/);
  });

  it('stops the roll when this package did not join it', () => {
    const foreign = { ...dead, labels: {} };
    assert.deepEqual(planRollout(next, see([...nodes, foreign], size)).reasons, [
      'member m9 (id-m9) at 10.88.0.19 is not declared and does not answer',
    ]);
  });

  it('is no obstacle as a worker either, whether this package joined it or not', () => {
    for (const labels of [dead.labels, {}]) {
      const gone = workerNode('w9', { state: 'down', labels });
      const facts = see([...nodes, gone], size);
      const gate = { ...facts.gate!, workers: ['w1', 'w2', 'w9'] };
      assert.deepEqual(planRollout(next, { ...facts, gate }).reasons, []);
    }
  });
});

describe('planRollout: a renamed node', () => {
  const declared = declare(size);
  const renamed = { ...declared.managers[2]!, name: 'm9' };
  const plan = (node: RolloutNode): RolloutPlan =>
    planRollout(
      { ...declared, managers: [...declared.managers.slice(0, 2), node] },
      see(nodes, size),
    );

  it('is refused without its previous name, since it would be made beside itself', () => {
    assert.deepEqual(plan(renamed).reasons, [
      'm9: its address 10.88.0.13 is that of m3, which is in the swarm and no longer declared; ' +
        'declare `previousName: m3` for m9 if it is the same node, or take m3 out in a run of its own first',
    ]);
  });

  it('is the entry of its previous name at its address', () => {
    const { reasons, turns } = plan({ ...renamed, previousName: 'm3', os: 'debian:12' });
    assert.deepEqual(reasons, []);
    assert.deepEqual(
      turns.map(({ name, kind, why }) => ({ name, kind, why })),
      [{ name: 'm9', kind: 'replace', why: ['name m3 → m9'] }],
    );
  });

  it('is not the entry of that name at another address', () => {
    const moved = plan({ ...renamed, previousName: 'm3', address: '10.88.0.19' });
    assert.deepEqual(
      moved.turns.map(({ name, kind }) => ({ name, kind })),
      [{ name: 'm9', kind: 'add' }],
    );
  });
});

describe('planRollout: a worker becomes a manager, and a manager goes', () => {
  const grown = { managers: 2, workers: 0 };
  const world = (engineVersion: string): readonly SwarmNodeFacts[] => [
    managerNode('m1', { isLeader: true }),
    { ...workerNode('m2'), engineVersion },
  ];
  const plan = (engineVersion: string, more: Partial<RolloutNode> = {}): RolloutPlan => {
    const declared = declare(grown, { engineVersion: '28.5' });
    const managers = declared.managers.map((node) =>
      node.name === 'm1' ? { ...node, ...more } : { ...node, engineVersion: undefined },
    );
    return planRollout({ ...declared, managers }, see(world(engineVersion), grown));
  };
  const last = (found: RolloutPlan): string => sentences(found).at(-1) ?? '';

  it('of an older engine it offers no ALPN by then, since its certificate has changed', () => {
    assert.match(
      last(plan('26.1.5')),
      /^replace manager m1 .*joins through m2, and does without ALPN until it has joined: m2 offers no ALPN$/,
    );
    assert.match(last(plan('28.5.2')), /^replace manager m1 .*joins through m2$/);
  });

  it('and a join that nothing can save is refused', () => {
    const { reasons } = plan('26.1.5', { engineSource: { kind: 'preinstalled' } });
    assert.ok(
      reasons.some((reason) =>
        reason.startsWith('m1: its engine asks for ALPN, which m2 does not offer'),
      ),
      reasons.join('; '),
    );
  });
});
