import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { joinedLabel, osLabel } from '../../core/labels';
import {
  assertAsDeclared,
  copyOf,
  founded,
  leader,
  machine,
  vipHolder,
  watchSafety,
} from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { timing } from '../support/fakeWorld/timing';
import { emptyTranscript, ProviderProcess, sentences } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  origin = { world, stack: await founded(world, cluster(3, 1, await webService())) };
});

test('the leader that holds the virtual IP is replaced: handed over, drained, out, rebuilt, in again', async () => {
  const { watch, faults } = watchSafety();
  const { world, stack } = copyOf(origin.world, origin.stack, watch);
  assert.deepEqual([leader(world), vipHolder(world)], ['m1', 'm1']);
  const old = { node: stack.get('Node', 'm1').outputs['nodeId'], ...machine(world, 'm1') };
  const ids = stack.clusterId;
  stack.declared = changed(stack.declared, { os: 'debian:13' }, 'm1');
  const transcript = emptyTranscript();
  await stack.applyNode(new ProviderProcess(world, { transcript }), 'm1');

  assert.deepEqual(sentences(transcript), [
    'wait at the gate before m1',
    'hand the virtual IP over from m1 to m3',
    'stop keepalived on m1',
    'give m3 its ordinary priority back',
    'wait at the gate before m1',
    'drain m1',
    'demote m1',
    'm1 leaves the swarm',
    'remove the entry of m1',
    'stop the engine of m1',
    'power off and remove machine m1',
    'build and boot machine m1 with debian:13',
    'install the engine on m1',
    'start the engine of m1',
    'load images on m1',
    'start a container on m1',
    'check ports and clocks between m1 and the managers',
    'snapshot raft at every entry, so that its log reaches m1',
    'join m1 as manager, drained',
    'label m1',
    'wait until m1 is ready',
    'snapshot raft as before, with m1 in it',
    'try the overlay between m1 and m2',
    'set m1 active',
    'wait until services are as before m1 went',
    'install keepalived on m1',
    'start keepalived on m1',
  ]);
  assertAsDeclared(world, stack);
  assert.deepEqual([...faults], [], 'quorum and virtual IP at every moment');
  const now = machine(world, 'm1');
  assert.notEqual(now.bootId, old.bootId);
  assert.equal(now.hostPublicKey, old.hostPublicKey, 'the host key stays');
  assert.equal(now.engine.runningVersion, '26.1.5');
  assert.deepEqual(now.held.sort(), ['docker-cli', 'docker.io']);
  const entry = world.swarm().nodes.find(({ hostname }) => hostname === 'm1');
  assert.notEqual(entry?.id, old.node);
  assert.equal(entry?.id, stack.get('Node', 'm1').outputs['nodeId']);
  assert.equal(entry?.labels[osLabel], 'debian:13');
  assert.ok(entry.labels[joinedLabel] !== undefined);
  assert.equal(stack.clusterId, ids, 'the same swarm');
  assert.equal(vipHolder(world), 'm3', 'a rebuilt node does not take the address back');
  const asked = world.calls().filter(({ operation }) => operation === 'docker.updateNode');
  assert.equal(asked.at(-1)?.host, 'test/m1', 'a rebuilt manager is asked in its turn');
  const demotion = transcript.journal.find(
    ({ event, sentence }) => event === 'end' && sentence === 'demote m1',
  );
  const { leadershipTransfer, ownControl } = timing;
  assert.ok(
    Number(demotion?.seconds) < (leadershipTransfer + ownControl) / 1_000,
    `it leaves before it is a worker by its own word: ${JSON.stringify(demotion)}`,
  );
});

test('a leave that the engine gives up is asked for again', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.failNext('docker.swarmLeave', { message: 'context deadline exceeded' });
  stack.declared = changed(stack.declared, { os: 'debian:13' }, 'm2');
  await stack.applyNode(new ProviderProcess(world), 'm2');
  assertAsDeclared(world, stack);
});

test('the whole cluster rolls, the leader last, and the address moves to a node that was rebuilt', async () => {
  const { watch, faults } = watchSafety();
  const { world, stack } = copyOf(origin.world, origin.stack, watch);
  stack.declared = changed(stack.declared, { os: 'debian:13' });
  const holders: (string | undefined)[] = [];
  for (const name of ['m2', 'm3', 'm1', 'w1']) {
    await stack.applyNode(new ProviderProcess(world), name);
    if (holders.at(-1) !== vipHolder(world)) holders.push(vipHolder(world));
  }
  await stack.up(new ProviderProcess(world));
  assertAsDeclared(world, stack);
  assert.deepEqual([...faults], []);
  assert.deepEqual(holders, ['m1', 'm3'], 'one move');
  const calls = world.calls().length;
  await stack.up(new ProviderProcess(world));
  assert.equal(world.calls().length, calls, 'a second run touches nothing');
});

test('a dead manager is replaced, once its data may be lost: nothing waits for its host, and its entry goes by its ID', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.powerOff('test/m1');
  world.advance(60_000);
  const names = { managers: ['m1', 'm2', 'm3'], workers: ['w1'] };
  stack.declared = {
    ...changed(stack.declared, { os: 'debian:13' }, 'm1'),
    swarm: { declared: { ...names, localData: { m1: 'discard' } } },
  };
  const transcript = emptyTranscript();
  const process = new ProviderProcess(world, { transcript });
  await stack.applySwarm(process);
  await stack.applyNode(process, 'm1');
  assertAsDeclared(world, stack);
  assert.ok(!sentences(transcript).includes('m1 leaves the swarm'));
});

test('a worker becomes a manager and a worker again in place', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const bootId = machine(world, 'w1').bootId;
  const declared = stack.declared;
  const asManager = changed(declared, { role: 'manager' }, 'w1');
  stack.declared = asManager;
  await stack.up(new ProviderProcess(world));
  assertAsDeclared(world, stack);
  // Four managers: a demotion passes the gate, since three of three others are reachable.
  stack.declared = declared;
  const process = new ProviderProcess(world);
  stack.registerSwarm(process);
  await stack.callDelete(process, 'VipMember', 'w1');
  stack.saved.delete('VipMember/w1');
  await stack.up(process);
  assertAsDeclared(world, stack);
  assert.equal(machine(world, 'w1').bootId, bootId, 'its machine was not rebuilt');
});
