import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SwarmNodeFacts } from '../../core/facts';
import type { GateFacts } from '../../core/gate';
import { secondSwarmReasons } from '../../core/secondSwarm';
import { gateFactsOf, healthyNodes, managerNode, withReachability } from './support/swarmFacts';

const size = { managers: 3, workers: 0 };
const nodes = healthyNodes(size);

/** What each manager lists, in order. */
function views(...lists: readonly (readonly SwarmNodeFacts[])[]): GateFacts {
  const facts = gateFactsOf(nodes, size);
  return {
    ...facts,
    managers: facts.managers.map((manager, index) => ({
      ...manager,
      managers: { seen: lists[index] ?? nodes },
    })),
  };
}

describe('secondSwarmReasons', () => {
  it('is silent about a healthy swarm, one without a look, and one in a change of leader', () => {
    const handedOver = nodes.map((node) =>
      node.hostname === 'm1' ? { ...node, managerStatus: undefined } : node,
    );
    for (const facts of [undefined, gateFactsOf(nodes, size), views(nodes, handedOver)]) {
      assert.deepEqual(secondSwarmReasons(facts), []);
    }
  });

  it('names a survivor and those that came back together', () => {
    const old = withReachability(nodes, 'm1', 'unreachable');
    const [reason, ...more] = secondSwarmReasons(views([managerNode('m1')], old, old));
    assert.equal(more.length, 0);
    assert.match(reason ?? '', /^m1 and m2 each see a leader, in two swarms with the same ID/);
    assert.match(reason ?? '', /docker swarm leave --force/);
  });
});
