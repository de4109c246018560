import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placementFaults, type DeclaredPlace } from '../../../core/stack/placementFaults';
import { planned } from '../../support/compose/planned';

const nodes: readonly DeclaredPlace[] = [
  { name: 'm1', role: 'manager', availability: 'drain' },
  { name: 'w1', role: 'worker', labels: { disk: 'ssd' } },
  { name: 'w2', role: 'worker' },
];

const faults = (services: string): readonly string[] =>
  placementFaults(planned(`services: ${services}`), nodes);
const constrained = (constraint: string): string =>
  `{ a: { image: a, deploy: { placement: { constraints: ["${constraint}"] } } } }`;
const port = (published: number, mode = 'host'): string =>
  `ports: [{ target: 80, published: ${String(published)}, mode: ${mode} }]`;

test('constraints: what no node satisfies that takes tasks; what is not declared is left to the swarm', () => {
  const table: readonly (readonly [string, boolean])[] = [
    ['node.labels.disk == ssd', true],
    ['node.labels.disk != ssd', true],
    ['node.labels.disk == hdd', false],
    ['node.role == manager', false],
    ['node.role == worker', true],
    ['node.hostname == w2', true],
    ['node.hostname == w3', false],
    ['node.platform.os == windows', true],
    ['engine.labels.x == y', true],
    ['node.id == 2ivku8v2gvtg4', true],
  ];
  for (const [constraint, fits] of table) {
    assert.equal(faults(constrained(constraint)).length, fits ? 0 : 1, constraint);
  }
  assert.deepEqual(faults(constrained('node.role == manager')), [
    'services.a: no declared node that takes tasks satisfies node.role == manager; mend the constraint, or give a node the label',
  ]);
  assert.match(
    placementFaults(planned('services: { a: { image: a } }'), [])[0] ?? '',
    /no declared node takes tasks/,
  );
});

test('more tasks than the nodes may have', () => {
  assert.deepEqual(
    faults('{ a: { image: a, deploy: { replicas: 5, placement: { max_replicas_per_node: 2 } } } }'),
    ['services.a: 5 replicas, at most 2 on each of 2 nodes (w1, w2): 1 would find no node'],
  );
  assert.deepEqual(faults(`{ a: { image: a, ${port(80)}, deploy: { replicas: 3 } } }`), [
    'services.a: 3 replicas want the port 80/tcp of a node each, and may run on 2 nodes (w1, w2): 1 would find no node',
  ]);
  assert.deepEqual(faults(`{ a: { image: a, ${port(80)}, deploy: { replicas: 2 } } }`), []);
  assert.deepEqual(
    faults(`{ a: { image: a, ${port(80, 'ingress')}, deploy: { replicas: 9 } } }`),
    [],
  );
});

test('a port of the nodes for more tasks than there are nodes', () => {
  const two = (first: string, second: string): string =>
    `{ a: { image: a, ${first} }, b: { image: b, ${second} } }`;
  assert.deepEqual(faults(two(`${port(80)}, deploy: { mode: global }`, port(80))), [
    'services a and b want the port 80/tcp of a node for 3 tasks, and may run on 2 nodes: give one of them another port',
  ]);
  assert.deepEqual(faults(two(port(80), port(80))), []);
  assert.deepEqual(faults(two(`${port(80)}, deploy: { mode: global }`, port(81))), []);
  const apart = ['ssd', 'hdd'].map(
    (disk) =>
      `${port(80)}, deploy: { mode: global, placement: { constraints: ["node.labels.disk ${disk === 'ssd' ? '==' : '!='} ssd"] } }`,
  );
  assert.deepEqual(faults(two(apart[0] ?? '', apart[1] ?? '')), []);
});
