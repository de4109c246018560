import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceFacts, SwarmNodeFacts } from '../../../core/facts';
import { placementFaults } from '../../../core/stack/placementFaults';
import { swarmFindings } from '../../../core/stack/swarmFindings';
import { planned } from '../../support/compose/planned';

const node = (hostname: string, cpus: number, mebibytes: number): SwarmNodeFacts => ({
  id: hostname,
  version: 1,
  hostname,
  address: '10.0.0.1',
  role: 'worker',
  availability: 'active',
  state: 'ready',
  labels: {},
  engineVersion: '26.1.5',
  resources: { nanoCpus: cpus * 1e9, memoryBytes: mebibytes * 2 ** 20 },
  managerStatus: undefined,
});
const nodes = [node('w1', 2, 1024), node('w2', 4, 2048)];
const other = (published: number, mode: string): ServiceFacts => ({
  id: 'o',
  version: 1,
  name: 'other_web',
  mode: 'replicated',
  replicas: 1,
  image: 'web:1',
  labels: {},
  constraints: [],
  ports: [{ Protocol: 'tcp', TargetPort: 80, PublishedPort: published, PublishMode: mode }],
});
const findings = (services: string, others: readonly ServiceFacts[] = []) =>
  swarmFindings(planned(`services: ${services}`), { others, nodes });
const nothing = { impossible: [], doubtful: [] };

test('a port of the mesh that another service has is refused; one of the nodes is a doubt', () => {
  const mesh = '{ a: { image: a, ports: ["8080:80"] } }';
  assert.deepEqual(findings(mesh, [other(8080, 'ingress')]).impossible, [
    'services.a publishes 8080/tcp by the routing mesh, as the service other_web does already; give one of them another port',
  ]);
  assert.deepEqual(findings(mesh, [other(8081, 'ingress')]), nothing);
  assert.deepEqual(findings(mesh, [other(8080, 'host')]), nothing);
  const host = '{ a: { image: a, ports: [{ target: 80, published: 8080, mode: host }] } }';
  const found = findings(host, [other(8080, 'host')]);
  assert.deepEqual(found.impossible, []);
  assert.match(
    found.doubtful[0] ?? '',
    /wants the port 8080\/tcp of its nodes, as the service other_web/,
  );
});

test('reservations: larger than every node is refused, more than all nodes together is a doubt', () => {
  const reserving = (cpus: string, memory: string, more = ''): string =>
    `{ a: { image: a, deploy: { resources: { reservations: { cpus: "${cpus}", memory: ${memory} } } ${more} } } }`;
  assert.deepEqual(findings(reserving('4', '2G')), nothing);
  assert.deepEqual(findings(reserving('4.5', '100M')).impossible, [
    'services.a reserves 4.5 CPUs and 100 MiB for a task, and no node that it may run on is so large: w1 has 2 CPUs and 1024 MiB, w2 has 4 CPUs and 2048 MiB; reserve less, or declare a larger node',
  ]);
  const pinned = ', placement: { constraints: [node.hostname == w1] }';
  assert.equal(findings(reserving('3', '1G', pinned)).impossible.length, 1);
  const many = findings(reserving('1', '1G', ', replicas: 5'));
  assert.deepEqual(many.impossible, []);
  assert.match(many.doubtful[0] ?? '', /5 CPUs and 5120 MiB in sum.*2 nodes.*6 CPUs and 3072 MiB/);
});

test('a network that is too small for its tasks, before anything is asked of the swarm', () => {
  const text = (replicas: number): string => `
services: { a: { image: a, networks: [n], deploy: { replicas: ${String(replicas)}, endpoint_mode: dnsrr } } }
networks: { n: { ipam: { config: [{ subnet: 10.9.0.0/28 }] } } }`;
  const declared = ['w1', 'w2', 'w3'].map((name) => ({ name, role: 'worker' as const }));
  assert.deepEqual(placementFaults(planned(text(10)), declared), []);
  assert.deepEqual(placementFaults(planned(text(11)), declared), [
    'the network demo_n has 13 addresses, and 14 are needed (virtual IPs 0, tasks 11, nodes 3): tasks would get none; give it a larger subnet',
  ]);
});

test('reservations of stacks that come together are summed up, unless one alone is too much', () => {
  const stack = (memory: string, replicas: number) =>
    planned(
      `services: { a: { image: a, deploy: { replicas: ${String(replicas)}, resources: { reservations: { memory: ${memory} } } } } }`,
    );
  const doubtful = (own: number, beside: number): string =>
    swarmFindings(stack('1G', own), {
      others: [],
      nodes,
      neighbours: [stack('1G', beside)],
    }).doubtful.join();
  assert.equal(doubtful(2, 1), '');
  assert.match(
    doubtful(2, 2),
    /^its services and those of demo reserve 0 CPUs and 4096 MiB in sum/,
  );
  assert.match(doubtful(4, 2), /^its services reserve 0 CPUs and 4096 MiB in sum/);
});

test('a subpath of a volume is a doubt where an engine on its way to a container forgets it', () => {
  const mounting = (mount: string): readonly string[] =>
    swarmFindings(
      planned(`
services: { a: { image: a, volumes: [${mount}], deploy: { placement: { constraints: [node.hostname != w1] } } } }
volumes: { data: {} }`),
      {
        others: [],
        nodes: [
          { ...node('m1', 2, 1024), role: 'manager', availability: 'drain' },
          { ...node('w1', 2, 1024), engineVersion: '20.10.24+dfsg1' },
          { ...node('w2', 2, 1024), engineVersion: '25.0.5' },
        ],
      },
    ).doubtful;
  assert.deepEqual(
    mounting('{ type: volume, source: data, target: /d, volume: { subpath: part } }'),
    [
      'services.a mounts part of a volume, and engines before 26.1.0 (w2 25.0.5) forget a subpath: its tasks would get the whole volume; give these nodes a newer engine first, or mount the whole volume',
    ],
  );
  assert.deepEqual(mounting('{ type: volume, source: data, target: /d }'), []);
});
