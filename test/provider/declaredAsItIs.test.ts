import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PropertyMap, Resource } from '../../provider/server/resource';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { ProviderProcess, resourceOf } from '../support/providerHarness';

const urnOf = (token: string, name: string): string =>
  `urn:pulumi:test::project::${token}::${name}`;

function changes(resource: Resource, inputs: PropertyMap, state: PropertyMap, wanted: PropertyMap) {
  return resource.diff({ inputs, state }, wanted).changes;
}

describe('what is declared as it is already replaces nothing', () => {
  const host = resourceOf('swarm:index:Host');
  const engine = resourceOf('swarm:index:Engine');

  test('the OS that a host shows', () => {
    const state = { hostOs: 'debian:12' };
    assert.deepEqual(changes(host, {}, state, { os: 'debian:12' }), { os: 'update' });
    assert.deepEqual(changes(host, { os: 'debian:12' }, state, {}), { os: 'update' });
    assert.deepEqual(changes(host, {}, state, { os: 'debian:13' }), { os: 'replace' });
    assert.deepEqual(changes(host, { os: 'debian:12' }, state, { os: 'debian:13' }), {
      os: 'replace',
    });
  });

  test('the version that an engine runs, in full or by its leading parts', () => {
    const state = { engineVersion: '20.10.24' };
    assert.deepEqual(changes(engine, {}, state, { version: '20.10.24' }), { version: 'update' });
    assert.deepEqual(changes(engine, {}, state, { version: '20.10' }), { version: 'update' });
    assert.deepEqual(changes(engine, { version: '20.10' }, state, {}), { version: 'update' });
    assert.deepEqual(changes(engine, {}, state, { version: '26.1.5' }), { version: 'replace' });
  });

  test('who meets at a barrier follows the order of the run, and is no change', () => {
    const barrier = resourceOf('swarm:index:Barrier');
    const before = { name: 'batch-1', nodes: ['w1'] };
    assert.deepEqual(changes(barrier, before, before, { name: 'batch-1', nodes: ['w2'] }), {});
  });
});

describe('an existing host', () => {
  const inputs = { name: 'm1', address: '10.0.0.1', connection: { host: '10.0.0.1' } };
  const urn = urnOf('swarm:index:Host', 'm1');

  test('is adopted, and tells its OS', async () => {
    const world = new FakeWorld();
    world.addHost({ name: 'm1', address: '10.0.0.1' });
    const created = await new ProviderProcess(world).call('create', urn, (resource, operation) =>
      resource.create(inputs, operation),
    );
    assert.equal(created.outputs['hostOs'], 'debian:12');
  });

  test('that calls itself otherwise is refused: the swarm would list it by its own name', async () => {
    const world = new FakeWorld();
    world.addHost({ name: 'm1', address: '10.0.0.1' });
    world.editMachine('m1', (machine) => (machine.hostname = 'debian'));
    await assert.rejects(
      new ProviderProcess(world).call('create', urn, (resource, operation) =>
        resource.create(inputs, operation),
      ),
      {
        code: 'HostHasOtherName',
        message: /m1: the host calls itself debian; nothing was touched/,
      },
    );
    assert.deepEqual(world.machine('m1').files['/etc/pulumi-swarm/host.json'], undefined);
  });
});
