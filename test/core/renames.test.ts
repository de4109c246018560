import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { parseRenames, presentName, renamedLabel, renderRenames } from '../../core/renames';
import { planRollout } from '../../core/rollout';
import type { RolloutDeclaration } from '../../core/rolloutFacts';
import { forHostileTexts } from './support/hostileText';
import { declare, see } from './support/rollouts';
import { healthyNodes, workerNode } from './support/swarmFacts';

const size = { managers: 3, workers: 2 };
const nodes = healthyNodes(size);

describe('the label of renames', () => {
  it('reads what it wrote', () => {
    const host = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/);
    fc.assert(
      fc.property(fc.dictionary(host, host, { noNullPrototype: true }), (renames) => {
        assert.deepEqual(parseRenames({ [renamedLabel]: renderRenames(renames) }), renames);
      }),
    );
  });

  it('is empty where it was never written, and for text that is none', () => {
    assert.deepEqual(parseRenames({}), {});
    assert.deepEqual(parseRenames({ [renamedLabel]: '' }), {});
    forHostileTexts((text) => {
      parseRenames({ [renamedLabel]: text });
    });
  });
});

describe('presentName', () => {
  const rows = [
    { what: 'not renamed', name: 'w1', renames: {}, expected: 'w1' },
    { what: 'before its turn', name: 'w9', renames: { w9: 'w2' }, expected: 'w2' },
    { what: 'after its turn', name: 'w1', renames: { w1: 'w2' }, expected: 'w1' },
    { what: 'while it is out', name: 'w9', renames: { w9: 'w8' }, expected: 'w9' },
    { what: 'a name of Object itself', name: 'constructor', renames: {}, expected: 'constructor' },
  ];
  for (const { what, name, renames, expected } of rows) {
    it(what, () => {
      assert.equal(presentName(name, renames, nodes), expected);
    });
  }
});

describe('planRollout: a node with another name at the same address', () => {
  /** The declaration, with one node under another name. */
  function rename(from: string, to: string, previousName?: string): RolloutDeclaration {
    const declared = declare(size);
    const change = <T extends { name: string }>(node: T): T =>
      node.name === from
        ? { ...node, name: to, ...(previousName === undefined ? {} : { previousName }) }
        : node;
    return {
      ...declared,
      managers: declared.managers.map(change),
      workers: declared.workers.map(change),
    };
  }

  it('with its previous name it is replaced, in its own place of the order', () => {
    const plan = planRollout(rename('m1', 'm9', 'm1'), see(nodes, size));
    assert.deepEqual(plan.reasons, []);
    assert.deepEqual(plan.managers, ['m2', 'm3', 'm9'], 'it is the leader');
    assert.deepEqual(
      plan.turns.map(({ sentence }) => sentence),
      [
        'replace manager m9 (name m1 → m9): 3 → 2 members while it is out, quorum 2, tolerance 0; the leader, handed over by its demotion; joins through m2',
      ],
    );
  });

  it('without, the plan refuses, and names the remedy', () => {
    const plan = planRollout(rename('w2', 'w9'), see(nodes, size));
    assert.deepEqual(plan.reasons, [
      'w9: its address 10.88.0.22 is that of w2, which is in the swarm and no longer declared; ' +
        'declare `previousName: w2` for w9 if it is the same node, or take w2 out in a run of its own first',
    ]);
  });

  it('a previous name at another address is somebody else', () => {
    const moved = nodes.map((node) =>
      node.hostname === 'w2' ? workerNode('w2', { address: '10.88.0.99' }) : node,
    );
    const plan = planRollout(rename('w2', 'w9', 'w2'), see(moved, size));
    assert.deepEqual(plan.reasons, []);
    assert.deepEqual(
      plan.turns.map(({ kind, name }) => `${kind} ${name}`),
      ['add w9'],
    );
  });

  it('a dead node of another name keeps nobody from its address', () => {
    const dead = nodes.map((node) =>
      node.hostname === 'w2' ? workerNode('w2', { state: 'down' }) : node,
    );
    assert.deepEqual(planRollout(rename('w2', 'w9'), see(dead, size)).reasons, []);
  });
});
