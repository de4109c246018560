import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { isSeen } from '../../core/facts';
import type { GateFacts } from '../../core/gate';
import type { DockerApi } from '../../effects/docker';
import type { Hosts } from '../../effects/effects';
import { gatherGateFacts } from '../../provider/operations/gate/gatherGateFacts';
import { founded } from '../support/clusterState';
import { cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { ProviderProcess } from '../support/providerHarness';

const urn = 'urn:pulumi:test::project::swarm:index:Swarm::cluster';
let world: FakeWorld;

before(async () => {
  world = new FakeWorld();
  await founded(world, cluster(3, 2));
});

/** What the gate before a node sees, and who was asked for which list; those named fail to list all nodes. */
async function look(
  target: string,
  failing: readonly string[] = [],
): Promise<{ readonly facts: GateFacts; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const noted = (name: string, docker: DockerApi): DockerApi['nodes'] =>
    async function nodes(filter) {
      asked.push(`${name}: ${filter === undefined ? 'all' : Object.values(filter).join()}`);
      if (filter === undefined && failing.includes(name)) throw new Error('deadline exceeded');
      return docker.nodes(filter);
    };
  const managers = ['m1', 'm2', 'm3'].map((name, index) => ({
    name,
    address: `10.88.0.1${String(index + 1)}`,
    connection: { lab: 'test', machine: name },
  }));
  const access = { clusterId: world.swarm().clusterId, managers };
  const answer = await new ProviderProcess(world).call('call', urn, async (_, operation) => {
    const { hosts } = operation.effects;
    const connect: Hosts['connect'] = async (connection) => {
      const host = await hosts.connect(connection);
      const name = 'machine' in connection ? connection.machine : '';
      const docker = { ...host.docker, nodes: noted(name, host.docker) };
      return Object.create(host, { docker: { value: docker } }) as typeof host;
    };
    const effects = { ...operation.effects, hosts: { ...hosts, connect } };
    const watched = Object.create(operation, { effects: { value: effects } }) as typeof operation;
    return { facts: await gatherGateFacts(watched, access, target, 1) };
  });
  assert.ok('facts' in answer, JSON.stringify(answer));
  return { facts: answer.facts, asked: asked.sort() };
}

const listed = ({ nodes }: GateFacts): readonly string[] =>
  isSeen(nodes) ? nodes.seen.map(({ hostname }) => hostname).sort() : [];

const all = ['m1', 'm2', 'm3', 'w1', 'w2'];

test('before a node goes every manager lists the managers, and one that stays lists all nodes', async () => {
  const { facts, asked } = await look('m1');
  assert.deepEqual(asked, ['m1: manager', 'm2: all', 'm2: manager', 'm3: manager']);
  assert.deepEqual(listed(facts), all);
  for (const { name, managers } of facts.managers) {
    assert.ok(isSeen(managers));
    assert.deepEqual(managers.seen.map(({ hostname }) => hostname).sort(), all.slice(0, 3), name);
  }
});

test('where a manager does not list all nodes the next one is asked, and the target last', async () => {
  const { facts, asked } = await look('m1', ['m2', 'm3']);
  assert.deepEqual(
    asked.filter((line) => line.endsWith('all')),
    ['m1: all', 'm2: all', 'm3: all'],
  );
  assert.deepEqual(listed(facts), all);
});

test('where none lists all nodes the gate has the reason', async () => {
  const { facts } = await look('w1', ['m1', 'm2', 'm3']);
  assert.deepEqual(facts.nodes, { unseen: 'deadline exceeded' });
});
