import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { Importing, PropertyMap } from '../../provider/server/resource';
import { resources } from '../../provider/registry';
import { changesSince, copyOf, founded } from '../support/clusterState';
import { cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { ProviderProcess } from '../support/providerHarness';
import { stateOf } from '../support/savedResource';
import type { Stack } from '../support/providerStack';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  const node = { labels: { rack: 'a' } };
  origin = { world, stack: await founded(world, cluster(3, 1, { node })) };
});

/** What `pulumi import` of one resource gives, outside of any component. */
async function imported(
  { world, stack }: typeof origin,
  kind: string,
  name: string,
  id: string,
): Promise<Extract<Awaited<ReturnType<Extract<Importing, { form: string }>['read']>>, object>> {
  const urn = `urn:pulumi:test::project::swarm:index:${kind}::${name}`;
  assert.notEqual(urn, stack.urnOf(kind, name));
  const found = await new ProviderProcess(world).call('read', urn, ({ importing }, operation) => {
    assert.ok('read' in importing);
    return importing.read(id, operation);
  });
  assert.ok(found !== undefined);
  return found;
}

for (const [kind, name, id, more] of [
  ['HostIdentity', 'm1', 'test/m1', []],
  ['LabMachine', 'm1', 'test/m1', []],
  ['LabMachine', 'w1', 'test/w1', []],
  ['Engine', 'm1', 'test/m1', []],
  ['Engine', 'w1', 'test/w1', ['managers']],
  ['Swarm', 'cluster', 'test/m2', []],
  ['Node', 'm1', 'test/m2#m1', []],
  ['Node', 'w1', 'test/m2#w1', []],
  ['VipMember', 'm1', 'test/m1', []],
] as const) {
  test(`${kind} ${name} by ${id}: nothing is changed, and its declaration is no difference`, async () => {
    const copy = copyOf(origin.world, origin.stack);
    const calls = copy.world.calls().length;
    const found = await imported(copy, kind, name, id);
    assert.deepEqual(changesSince(copy.world, calls), []);
    const saved = copy.stack.get(kind, name);
    const resource = resources.find(({ token }) => token === `swarm:index:${kind}`);
    assert.ok(resource !== undefined);
    const missing = Object.entries(resource.inputs)
      .filter(([key, { isRequired }]) => isRequired === true && found.inputs[key] === undefined)
      .map(([key]) => key);
    assert.deepEqual(missing, [], 'every required input is filled');
    assert.deepEqual(resource.check(found.inputs, undefined).failures, []);
    const { changes } = resource.diff(
      { inputs: found.inputs, state: { ...found.inputs, ...found.outputs } },
      saved.inputs,
    );
    assert.deepEqual(changes, {});
    if (kind !== 'HostIdentity') assert.equal(found.id, saved.id, 'so that its Delete is its own');
    const outputs = { ...saved.outputs };
    for (const [key, value] of Object.entries(outputs)) {
      if (!more.some((each) => each === key)) assert.deepEqual(found.outputs[key], value, key);
    }
  });
}

test('an imported manager’s chain is taken down by its imports', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const chain: [string, string][] = [
    ['VipMember', 'test/m2'],
    ['Node', 'test/m1#m2'],
    ['Engine', 'test/m2'],
    ['LabMachine', 'test/m2'],
  ];
  const process = new ProviderProcess(world);
  stack.registerSwarm(process);
  const before: [string, PropertyMap, string][] = [];
  for (const [kind, id] of chain) {
    const found = await imported({ world, stack }, kind, 'm2', id);
    const saved = { ...stack.get(kind, 'm2'), ...found };
    before.push([kind, { inputs: found.inputs, state: stateOf(saved) }, found.id]);
  }
  for (const [kind, old, id] of before) {
    await process.call('delete', stack.urnOf(kind, 'm2'), (resource, operation) =>
      resource.delete(id, old as unknown as { inputs: PropertyMap; state: PropertyMap }, operation),
    );
  }
  assert.deepEqual(
    world
      .swarm()
      .nodes.map(({ hostname }) => hostname)
      .sort(),
    ['m1', 'm3', 'w1'],
  );
  assert.ok(!world.machines().some(({ key }) => key === 'test/m2'));
});

for (const [kind, id, code] of [
  ['LabMachine', '192.0.2.1', 'ImportIdInvalid'],
  ['LabMachine', 'test/m9', 'NothingToImport'],
  ['HostIdentity', 'test/m1#x', 'ImportIdInvalid'],
  ['Host', 'nowhere/at/all', 'ImportIdInvalid'],
  ['Host', 'test/m1', 'NothingToImport'],
  ['Engine', 'test/m9', 'LabMachineUnknown'],
  ['Swarm', 'test/w1', 'NothingToImport'],
  ['Node', 'test/m1', 'ImportIdInvalid'],
  ['Node', 'test/m1#m9', 'NothingToImport'],
  ['Node', 'test/m1#w1', 'MarkerOfAnother'],
  ['VipMember', 'test/w1', 'NothingToImport'],
  ['VipMember', 'test/m2', 'NothingToImport'],
] as const) {
  test(`${kind} m1 by "${id}" is refused: ${code}`, async () => {
    const copy = copyOf(origin.world, origin.stack);
    await assert.rejects(imported(copy, kind, 'm1', id), { code, message: /^m1: |^lab test/ });
  });
}

test('a host that somebody reaches by SSH, by its mark', async () => {
  const world = new FakeWorld();
  world.addHost({ name: 'h1', address: '192.0.2.7', os: 'debian:13' });
  const stack = origin.stack;
  const urn = 'urn:pulumi:test::project::swarm:index:Host::h1';
  const connection = { host: '192.0.2.7' };
  const made = await new ProviderProcess(world).call('create', urn, (host, operation) =>
    host.create({ name: 'h1', address: '192.0.2.7', connection }, operation),
  );
  const found = await imported({ world, stack }, 'Host', 'h1', 'root@192.0.2.7:22');
  assert.deepEqual(found, {
    id: made.id,
    inputs: {
      ...{ name: 'h1', address: '192.0.2.7', os: 'debian:13' },
      connection: { host: '192.0.2.7', user: 'root', port: 22 },
    },
    outputs: made.outputs,
  });
});

test('a swarm that this package has no label in is refused', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.edit(({ swarms }) => {
    for (const swarm of Object.values(swarms)) swarm.labels = {};
  });
  await assert.rejects(imported({ world, stack }, 'Swarm', 'cluster', 'test/m1'), {
    code: 'NothingToImport',
    message: /has no label of this package; nothing was imported; .*`adopt`/,
  });
});

test('every resource says how it is imported, or what to do instead', () => {
  for (const { token, importing } of resources) {
    const text = 'read' in importing ? importing.form : importing.instead;
    assert.ok(text.length > 10, token);
  }
});
