import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { SwarmNodeFacts } from '../../core/facts';
import { isSeen } from '../../core/facts';
import { describeReasons, gate, memberAddress } from '../../core/gate';
import type { GateFacts, GateTarget, ManagerSight } from '../../core/gate';
import { randomGateFacts, randomTarget } from './support/randomWorlds';
import {
  gateFactsOf,
  healthyNodes,
  managerNode,
  withNode,
  withReachability,
  workerNode,
} from './support/swarmFacts';

const five = { managers: 5, workers: 2 };
const manager5: GateTarget = { name: 'm5', role: 'manager' };

function withManager(
  facts: GateFacts,
  name: string,
  change: (manager: ManagerSight) => ManagerSight,
): GateFacts {
  return {
    ...facts,
    managers: facts.managers.map((manager) => (manager.name === name ? change(manager) : manager)),
  };
}

function seenBy(nodes: readonly SwarmNodeFacts[]): GateFacts {
  return gateFactsOf(nodes, five);
}

describe('gate: who may go', () => {
  for (let managers = 2; managers <= 7; managers++) {
    const size = { managers, workers: 2 };
    const facts = gateFactsOf(healthyNodes(size), size);
    const last = `m${String(managers)}`;

    it(`any of ${String(managers)} healthy managers`, () => {
      for (const { name } of facts.managers) {
        const verdict = gate(facts, { name, role: 'manager' });
        assert.deepEqual(verdict.reasons, []);
        assert.ok(verdict.isOpen);
        assert.equal(verdict.leader, 'm1');
        assert.equal(verdict.numbers?.members, managers);
        assert.equal(verdict.numbers.reachableWithout, managers - 1);
      }
    });

    it(`no other of ${String(managers)} managers while one is silent, whatever the leader believes`, () => {
      const silent = withManager(facts, last, (manager) => ({
        ...manager,
        info: { unseen: 'no route to host' },
        managers: { unseen: 'no route to host' },
      }));
      for (const { name } of facts.managers.slice(0, -1)) {
        const { isOpen, reasons } = gate(silent, { name, role: 'manager' });
        assert.equal(isOpen, false);
        assert.ok(reasons.some(({ code, subject }) => code === 'NoAnswer' && subject === last));
      }
    });
  }

  it('a dead manager, when the others carry the swarm without it', () => {
    for (let managers = 3; managers <= 7; managers++) {
      const size = { managers, workers: 0 };
      const dead = `m${String(managers)}`;
      const nodes = withNode(
        withReachability(healthyNodes(size), dead, 'unreachable'),
        dead,
        (node) => ({ ...node, state: 'down' }),
      );
      const facts = withManager(gateFactsOf(nodes, size), dead, (manager) => ({
        ...manager,
        info: { unseen: 'timed out' },
        managers: { unseen: 'timed out' },
      }));
      assert.deepEqual(gate(facts, { name: dead, role: 'manager' }).reasons, []);
    }
  });

  it('a dead manager that is no longer declared: the one that goes is not in its own way', () => {
    const gone = managerNode('m9', { reachability: 'unreachable' }, { state: 'down' });
    const verdict = gate(seenBy([...healthyNodes(five), gone]), { name: 'm9', role: 'manager' });
    assert.deepEqual(verdict.reasons, []);
    assert.equal(verdict.numbers?.members, 6);
  });

  it('a manager that an interrupted run demoted already: it takes no vote with it', () => {
    const nodes = withNode(healthyNodes({ managers: 3, workers: 0 }), 'm3', (node) => ({
      ...node,
      role: 'worker',
      managerStatus: undefined,
    }));
    const verdict = gate(gateFactsOf(nodes, { managers: 3, workers: 0 }), {
      name: 'm3',
      role: 'manager',
    });
    assert.deepEqual(verdict.reasons, []);
    assert.equal(verdict.numbers, undefined);
  });

  it('anyone, while a reachable member that nobody declares any more votes like the others', () => {
    const verdict = gate(seenBy([...healthyNodes(five), managerNode('m9')]), manager5);
    assert.deepEqual(verdict.reasons, []);
    assert.equal(verdict.numbers?.reachableWithout, 5);
  });

  it('a worker of a swarm with one manager', () => {
    const size = { managers: 1, workers: 1 };
    const facts = gateFactsOf(healthyNodes(size), size);
    assert.deepEqual(gate(facts, { name: 'w1', role: 'worker' }).reasons, []);
  });

  it('a worker while others are out, as long as no more than maxUnavailable are', () => {
    const nodes = withNode(healthyNodes(five), 'w2', (node) => ({ ...node, state: 'down' }));
    const facts = { ...seenBy(nodes), maxUnavailable: 2 };
    assert.ok(gate(facts, { name: 'w1', role: 'worker' }).isOpen);
  });

  it('a worker that is out already, whoever else is: rebuilding it takes nobody away', () => {
    const nodes = healthyNodes(five).map((node): SwarmNodeFacts =>
      node.role === 'worker' ? { ...node, state: 'down' } : node,
    );
    assert.ok(gate(seenBy(nodes), { name: 'w1', role: 'worker' }).isOpen);
  });

  it('a worker while another one is drained or paused by its declaration', () => {
    const nodes = withNode(healthyNodes(five), 'w2', (node) => ({
      ...node,
      availability: 'drain',
    }));
    assert.ok(gate(seenBy(nodes), { name: 'w1', role: 'worker' }).isOpen);
  });

  it('a node, although it has itself not registered with a new leader', () => {
    const nodes = withNode(healthyNodes(five), 'm5', (node) => ({ ...node, state: 'unknown' }));
    assert.ok(gate(seenBy(nodes), manager5).isOpen);
  });

  it('a manager with an IPv6 address, however it is written', () => {
    const nodes = healthyNodes(five).map((node, index) =>
      node.managerStatus === undefined
        ? node
        : {
            ...node,
            managerStatus: { ...node.managerStatus, address: `[fd00::${String(index + 1)}]:2377` },
          },
    );
    const facts = seenBy(nodes);
    const managers = facts.managers.map((manager, index) => ({
      ...manager,
      address: `FD00:0:0:0:0:0:0:000${String(index + 1)}`,
    }));
    assert.deepEqual(gate({ ...facts, managers }, manager5).reasons, []);
  });
});

describe('gate: random worlds', () => {
  it('always gives a verdict, open exactly without reasons', () => {
    fc.assert(
      fc.property(randomGateFacts, randomTarget, (facts, target) => {
        const verdict = gate(facts, target);
        assert.equal(verdict.isOpen, verdict.reasons.length === 0);
        assert.equal(describeReasons(verdict.reasons) === '', verdict.isOpen);
        assert.ok(verdict.reasons.every(({ message }) => message !== ''));
      }),
      { numRuns: 2000 },
    );
  });

  it('opens only when those who remain have a reachable majority, and everybody else answers', () => {
    const size = fc.integer({ min: 1, max: 7 });
    const world = size.chain((managers) =>
      fc.record({
        managers: fc.constant(managers),
        reachable: fc.array(fc.boolean(), { minLength: managers, maxLength: managers }),
        answering: fc.array(fc.boolean(), { minLength: managers, maxLength: managers }),
        target: fc.integer({ min: 0, max: managers - 1 }),
      }),
    );
    fc.assert(
      fc.property(world, ({ managers, reachable, answering, target }) => {
        const nodes = healthyNodes({ managers, workers: 0 }).map((node, index) =>
          reachable[index] === true
            ? node
            : managerNode(node.hostname, { reachability: 'unreachable' }),
        );
        const facts = gateFactsOf(nodes, { managers, workers: 0 });
        const silent: ManagerSight[] = facts.managers.map((manager, index) =>
          answering[index] === true
            ? manager
            : { ...manager, info: { unseen: 'x' }, managers: { unseen: 'x' } },
        );
        const name = `m${String(target + 1)}`;
        const { isOpen } = gate({ ...facts, managers: silent }, { name, role: 'manager' });
        const others = nodes.filter((_, index) => index !== target);
        const votes = others.filter((node) => node.managerStatus?.reachability === 'reachable');
        const allAnswer = silent.every(({ info }, index) => index === target || isSeen(info));
        assert.equal(isOpen, others.length > 0 && votes.length === others.length && allAnswer);
        if (isOpen) assert.ok(votes.length * 2 > others.length);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('memberAddress', () => {
  const rows: readonly [string, string][] = [
    ['10.88.0.11:2377', '10.88.0.11'],
    ['[fd00::11]:2377', 'fd00::11'],
    ['fd00::11', 'fd00::11'],
    ['10.88.0.11', '10.88.0.11'],
  ];
  for (const [raft, address] of rows) {
    it(`of ${raft} is ${address}`, () => {
      assert.equal(memberAddress(managerNode('m1', { address: raft })), address);
    });
  }

  it('of a worker is the address that the managers see', () => {
    assert.equal(memberAddress(workerNode('w1', { address: '10.88.0.21' })), '10.88.0.21');
  });
});
