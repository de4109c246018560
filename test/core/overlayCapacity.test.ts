import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type {
  OverlayNetworkFacts,
  ServiceFacts,
  SwarmNodeFacts,
  TaskFacts,
} from '../../core/facts';
import { overlayLoads, overlayVerdict } from '../../core/overlayCapacity';
import type { OverlayCapacityFacts, OverlayVerdict } from '../../core/overlayCapacity';
import { healthyNodes, taskOn } from './support/swarmFacts';

const network: OverlayNetworkFacts = {
  ...{ id: 'net', name: 'web', labels: {}, subnets: ['10.1.0.0/27'], isIngress: false },
};
const five = healthyNodes({ managers: 3, workers: 2 });

function service(name: string, more: Partial<ServiceFacts> = {}): ServiceFacts {
  return {
    ...{ id: `id-${name}`, version: 1, name, mode: 'replicated', replicas: 1, image: 'x' },
    ...{ labels: {}, constraints: [], virtualIpNetworks: ['net'] },
    ...more,
  };
}

/** `counts[i]` tasks of a service on the i-th node. */
function spread(
  nodes: readonly SwarmNodeFacts[],
  counts: readonly number[],
  name = 'web',
): readonly TaskFacts[] {
  return nodes.flatMap((node, index) =>
    Array.from({ length: counts[index] ?? 0 }, (_, count) => ({
      ...taskOn(node, name),
      id: `${name}-${node.id}-${String(count)}`,
      networks: ['net'],
    })),
  );
}

function facts(
  counts: readonly number[],
  more: Partial<OverlayCapacityFacts> = {},
): OverlayCapacityFacts {
  return {
    ...{ networks: [network], services: [service('web')], nodes: five },
    ...{ tasks: spread(five, counts), turns: five.map(({ id }) => [id]) },
    ...more,
  };
}

function verdict(of: OverlayCapacityFacts): OverlayVerdict {
  const [load] = overlayLoads(of);
  assert.ok(load !== undefined);
  return overlayVerdict(load);
}

describe('the room of an overlay network in a roll', () => {
  test('the second procedure: /27, 5 nodes, 24 tasks on 4 of them fit, and the fifth tips them over only while they move', () => {
    const [load] = overlayLoads(facts([6, 6, 6, 6, 0]));
    assert.deepEqual(load, {
      ...{ network: 'web', subnets: ['10.1.0.0/27'], usable: 29, virtualIps: 1, tasks: 24 },
      ...{ nodesNow: 4, nodesMost: 4, moving: 6 },
    });
    assert.deepEqual(overlayVerdict(load), {
      kind: 'tight',
      sentence:
        'overlay network web (10.1.0.0/27): of its 29 addresses 29 are needed (virtual IPs 1, tasks 24, nodes 4), and 6 more at once while 6 tasks move: new tasks wait until old ones have stopped; take a larger subnet for it, or run fewer tasks on it',
    });
  });

  test('25 tasks on 3 of 5 nodes: a fourth one is loaded, and one task gets no address', () => {
    assert.deepEqual(verdict(facts([9, 8, 8, 0, 0])), {
      kind: 'full',
      sentence:
        'overlay network web (10.1.0.0/27): of its 29 addresses 29 are taken (virtual IPs 1, tasks 25, nodes 3); as tasks move, 4 nodes have tasks and need one each, which makes 30: tasks would get none ("ip addresses may be exhausted"); take a larger subnet for it, or run fewer tasks on it',
    });
  });

  const rows: readonly (readonly [string, OverlayCapacityFacts, OverlayVerdict['kind']])[] = [
    ['far from full', facts([1, 1, 1, 1, 1]), 'fits'],
    [
      'without a virtual IP there is one more',
      facts([9, 8, 8, 0, 0], { services: [service('web', { virtualIpNetworks: [] })] }),
      'tight',
    ],
    [
      'nothing of it moves: only nodes without its tasks go',
      facts([9, 8, 8, 0, 0], { turns: [['id-w1'], ['id-w2']] }),
      'fits',
    ],
    ['as full as it can be already', facts([8, 8, 8, 0, 0], { nodes: five.slice(0, 3) }), 'tight'],
    [
      'only managers may have tasks: no fourth one is loaded',
      facts([9, 8, 8, 0, 0], {
        services: [service('web', { constraints: ['node.role == manager'] })],
      }),
      'tight',
    ],
    [
      'a global service does not move',
      facts([5, 5, 5, 5, 5], {
        services: [service('web', { mode: 'global', replicas: undefined })],
      }),
      'fits',
    ],
    [
      'two subnets hold more',
      facts([9, 8, 8, 0, 0], {
        networks: [{ ...network, subnets: ['10.1.0.0/27', '10.2.0.0/24'] }],
      }),
      'fits',
    ],
    [
      'an IPv6 subnet beside it holds no less',
      facts([9, 8, 8, 0, 0], { networks: [{ ...network, subnets: ['10.1.0.0/27', 'fd00::/64'] }] }),
      'full',
    ],
    [
      'a node that is down is loaded by nobody',
      facts([9, 8, 8, 0, 0], {
        nodes: five.map((node) => (node.role === 'worker' ? { ...node, state: 'down' } : node)),
      }),
      'tight',
    ],
  ];
  for (const [what, of, kind] of rows) {
    test(what, () => {
      assert.equal(verdict(of).kind, kind);
    });
  }

  test('nodes that are out together move what all of them have, and load only the others', () => {
    const [m1, m2, m3] = five.map(({ id }) => id) as [string, string, string];
    const load = (turns: OverlayCapacityFacts['turns']): unknown => {
      const [{ moving, nodesMost } = {}] = overlayLoads(facts([2, 2, 2, 0, 0], { turns }));
      return { moving, nodesMost };
    };
    assert.deepEqual(load([[m1], [m2], [m3]]), { moving: 2, nodesMost: 4 });
    assert.deepEqual(load([[m1, m2, m3]]), { moving: 6, nodesMost: 3 });
  });

  test('on the ingress network every node has an address, with tasks or without', () => {
    const [load] = overlayLoads(facts([1], { networks: [{ ...network, isIngress: true }] }));
    assert.deepEqual([load?.nodesNow, load?.nodesMost], [5, 5]);
  });

  test('a network whose subnet cannot be read is not judged', () => {
    for (const subnets of [[], ['?'], ['10.1.0.0/27', 'x'], ['fd00::/64']]) {
      assert.deepEqual(overlayLoads(facts([1], { networks: [{ ...network, subnets }] })), []);
    }
  });

  test('tasks that have ended have no address', () => {
    const ended = spread(five, [9, 9, 9, 9, 9]).map((task) => ({
      ...task,
      desiredState: 'shutdown' as const,
    }));
    assert.equal(overlayLoads(facts([], { tasks: ended }))[0]?.tasks, 0);
  });

  const counts = fc.array(fc.nat(12), { minLength: 5, maxLength: 5 });
  const order = ['fits', 'tight', 'full'];
  const severity = (kind: OverlayVerdict['kind']): number => order.indexOf(kind);

  test('a larger subnet never makes it worse', () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 22, max: 29 }), (each, bits) => {
        const of = (prefix: number): OverlayVerdict =>
          verdict(
            facts(each, { networks: [{ ...network, subnets: [`10.1.0.0/${String(prefix)}`] }] }),
          );
        assert.ok(severity(of(bits - 1).kind) <= severity(of(bits).kind));
      }),
    );
  });

  test('who is refused could not have its tasks after the roll, and who fits has room for all that ever is', () => {
    fc.assert(
      fc.property(counts, (each) => {
        const [load] = overlayLoads(facts(each));
        assert.ok(load !== undefined);
        const { kind } = overlayVerdict(load);
        const most = load.virtualIps + load.tasks + load.nodesMost;
        if (kind === 'full') assert.ok(most > load.usable);
        if (kind === 'fits' && load.moving > 0) assert.ok(most + load.moving <= load.usable);
        assert.ok(load.nodesMost <= Math.min(five.length, load.tasks));
      }),
    );
  });
});
