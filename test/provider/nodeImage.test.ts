import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeImageName, type NodeImageSpec } from '../../core/nodeImage';
import type { Connection } from '../../core/connection';
import type { PropertyMap, ReadResult } from '../../provider/server/resource';
import { FakeWorld, type Fault } from '../support/fakeWorld/fakeWorld';
import { Killed, ProviderProcess, emptyTranscript, sentences } from '../support/providerHarness';

const spec: NodeImageSpec = { os: 'debian:13', packages: ['keepalived', 'haproxy'] };
const name = nodeImageName(spec);
const wanted = { name, ...spec } as unknown as PropertyMap;
const urn = (type: string): string => `urn:pulumi:s::p::swarm:index:${type}::m1`;
const connection: Connection = { lab: 'test', machine: 'm1' };

async function prepare(world: FakeWorld, fault?: 'kill'): Promise<void> {
  const process = new ProviderProcess(
    world,
    fault === undefined ? {} : { fault: { kind: fault, at: 'end', step: 0 } },
  );
  await process.call('create', urn('NodeImage'), (resource, operation) =>
    resource.create(wanted, operation),
  );
}

/** A machine that asks for the image, and its engine: what was done for the engine. */
async function machineWithEngine(world: FakeWorld): Promise<readonly string[]> {
  const transcript = emptyTranscript();
  const process = new ProviderProcess(world, { transcript });
  const machine = {
    ...{ name: 'm1', lab: 'test', subnet: '10.88.0.0/24', address: '10.88.0.11', os: spec.os },
    ...{ nodeImage: name, hostPrivateKey: 'private', hostPublicKey: 'ssh-ed25519 AAAAm1' },
  };
  const { outputs } = await process.call('create', urn('LabMachine'), (resource, operation) =>
    resource.create(machine, operation),
  );
  const { machineId } = outputs;
  const engine = { name: 'm1', machineId, connection, managers: [] } as unknown as PropertyMap;
  await process.call('create', urn('Engine'), (resource, operation) =>
    resource.create(engine, operation),
  );
  return sentences(transcript);
}

test('a machine of an image has engine and packages, and nothing of them runs or starts by itself', async () => {
  const world = new FakeWorld();
  await prepare(world);
  await world.effects().lab.ensure(
    {
      ...{ id: '1', lab: 'test', name: 'm1', subnet: '10.88.0.0/24', address: '10.88.0.11' },
      ...{ os: spec.os, nodeImage: name, labels: {} },
      ...{ hostPrivateKey: 'private', hostPublicKey: 'ssh-ed25519 AAAAm1' },
    },
    () => undefined,
  );
  const machine = world.machine('test/m1');
  assert.deepEqual(Object.keys(machine.installed).sort(), [
    'docker-cli',
    'docker.io',
    'haproxy',
    'keepalived',
  ]);
  assert.deepEqual([...machine.held].sort(), ['docker-cli', 'docker.io']);
  for (const unit of ['docker.service', 'docker.socket', 'keepalived.service', 'haproxy.service']) {
    assert.deepEqual(machine.units[unit], { state: 'inactive', isEnabled: false }, unit);
  }
  assert.match(machine.lab?.image ?? '', new RegExp(name));
  assert.equal(world.machines().length, 1, 'nothing is left of the building');
});

test('the engine of such a machine is found, enabled and started; the second image is the first', async () => {
  const world = new FakeWorld();
  await prepare(world);
  const calls = world.calls().length;
  await prepare(world);
  const again = world.calls().slice(calls);
  assert.deepEqual([...new Set(again.map(({ operation }) => operation))], ['lab.ensureImage']);
  assert.ok((await machineWithEngine(world)).includes('start the engine of m1'));
  const machine = world.machine('test/m1');
  assert.deepEqual(machine.units['docker.service'], { state: 'active', isEnabled: true });
  assert.equal(machine.engine.runningVersion, '26.1.5');
});

const faults: readonly (readonly [string, string, Fault])[] = [
  ['the engine', 'packages.install', { code: 'PackageInstallFailed', message: 'no such package' }],
  ['its hold', 'packages.hold', { code: 'PackageHoldFailed', message: 'no hold' }],
];
for (const [what, operation, fault] of faults) {
  test(`an image without ${what} is none: the error says so, no machine is touched, and the next run builds it`, async () => {
    const world = new FakeWorld();
    world.failNext(operation, fault);
    await assert.rejects(prepare(world), {
      code: 'LabImageBuildFailed',
      message: new RegExp(`${name}.*no node was touched`),
    });
    assert.equal(await world.effects().lab.findImage({ name, os: spec.os }), undefined);
    assert.deepEqual(world.machines(), []);
    await prepare(world);
    assert.notEqual(await world.effects().lab.findImage({ name, os: spec.os }), undefined);
  });
}

test('a kill in the middle, and the next run goes on', async () => {
  const world = new FakeWorld();
  await assert.rejects(prepare(world, 'kill'), Killed);
  await prepare(world);
  await machineWithEngine(world);
  assert.equal(world.machines().length, 1);
});

test('without its image a machine is made from the OS alone, and its engine is installed', async () => {
  const world = new FakeWorld();
  await machineWithEngine(world);
  const machine = world.machine('test/m1');
  assert.equal(machine.lab?.image, 'debian-13-fake');
  assert.equal(machine.engine.runningVersion, '26.1.5');
});

test('an image that is gone from the cache is gone for a read, so that the run makes it before it touches a node', async () => {
  const world = new FakeWorld();
  await prepare(world);
  const read = (): Promise<ReadResult | undefined> =>
    new ProviderProcess(world).call('read', urn('NodeImage'), (resource, operation) =>
      resource.read('image-1', { inputs: wanted, state: {} }, operation),
    );
  assert.equal((await read())?.id, 'image-1');
  world.edit((state) => (state.nodeImages = {}));
  assert.equal(await read(), undefined);
});

test('other content is another name; the order of packages, and a default that is spelt out, is not', () => {
  const names = [
    nodeImageName(spec),
    nodeImageName({ ...spec, os: 'debian:12' }),
    nodeImageName({ ...spec, version: '26.1' }),
    nodeImageName({ ...spec, packages: ['keepalived'] }),
    nodeImageName({ ...spec, source: { kind: 'docker' } }),
  ];
  assert.equal(new Set(names).size, names.length);
  assert.equal(nodeImageName({ ...spec, packages: ['haproxy', 'keepalived'] }), name);
  assert.equal(nodeImageName({ ...spec, source: { kind: 'distribution' } }), name);
  for (const each of names) assert.match(each, /^debian-1[23]-engine(-26\.1)?-[0-9a-f]{16}$/);
});
