import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseStandIn, standInLabel, standInsFor } from '../../core/standIn';
import type { SwarmNodeFacts } from '../../core/facts';
import { healthyNodes, managerNode, withNode, workerNode } from './support/swarmFacts';

const size = { managers: 3, workers: 2 };
const workers = ['w1', 'w2'];
const nodes = healthyNodes(size);

function chosen(wish: true | string, seen: readonly SwarmNodeFacts[], names = workers): string {
  const choice = chooseStandIn(wish, names, seen);
  return 'node' in choice ? choice.node.hostname : choice.why;
}

describe('chooseStandIn', () => {
  it('takes the first declared worker that is healthy, or the one that is named', () => {
    const down = withNode(nodes, 'w1', (node) => ({ ...node, state: 'down' }));
    assert.equal(chosen(true, nodes), 'w1');
    assert.equal(chosen(true, down), 'w2');
    assert.equal(chosen('w2', nodes), 'w2');
    assert.equal(chosen('w1', down), 'no healthy worker can stand in: w1 is down');
  });

  it('takes one that stands in already before any other, whomever it stood in for', () => {
    const standing = withNode(nodes, 'w2', () =>
      managerNode('w2', {}, { labels: { [standInLabel]: 'm3' } }),
    );
    assert.equal(chosen(true, standing), 'w2');
    assert.deepEqual(
      standInsFor('m3', standing).map(({ hostname }) => hostname),
      ['w2'],
    );
    assert.deepEqual(standInsFor('m1', standing), []);
  });

  it('does not give up a worker that has not registered with a new leader yet', () => {
    assert.equal(
      chosen(
        true,
        withNode(nodes, 'w1', (node) => ({ ...node, state: 'unknown' })),
      ),
      'w1',
    );
  });

  const others: readonly (readonly [string, readonly SwarmNodeFacts[], string])[] = [
    ['is not there', nodes.filter(({ hostname }) => hostname !== 'w1'), 'w1 is not in the swarm'],
    [
      'is there twice',
      [...nodes, workerNode('w1', { id: 'old' })],
      'w1 is in the swarm more than once',
    ],
    [
      'was promoted by hand',
      withNode(nodes, 'w1', () => managerNode('w1')),
      'w1 is a manager already',
    ],
    [
      'is to be promoted by hand',
      withNode(nodes, 'w1', (node) => ({ ...node, role: 'manager' })),
      'w1 is a manager already',
    ],
  ];
  for (const [what, seen, why] of others) {
    it(`does not take one that ${what}`, () => {
      assert.equal(chosen('w1', seen), `no healthy worker can stand in: ${why}`);
      assert.equal(chosen(true, seen), 'w2');
    });
  }

  it('says so where no worker is declared, or the named one is none', () => {
    assert.equal(chosen(true, nodes, []), 'no healthy worker can stand in; none is declared');
    assert.equal(chosen('m1', nodes), 'm1 is to stand in, and it is no declared worker');
  });
});
