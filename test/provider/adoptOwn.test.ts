import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { assertAsDeclared, changesSince, copyOf, founded, machine } from '../support/clusterState';
import { cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { ProviderProcess } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  origin = { world, stack: await founded(world, cluster(3, 1)) };
});

// What an interrupted Create left is what a Create that nobody saved left: the same Create once more.
for (const [kind, name] of [
  ['LabMachine', 'm1'],
  ['LabMachine', 'w1'],
  ['Engine', 'm1'],
  ['Engine', 'w1'],
  ['Node', 'm1'],
  ['Node', 'w1'],
  ['VipMember', 'm1'],
] as const) {
  test(`${kind} ${name}: a second Create adopts what the first one left, and the first one’s Delete touches nothing`, async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    const before = { machine: machine(world, name), nodes: world.swarm().nodes.length };
    const older = stack.get(kind, name);
    await stack.create(new ProviderProcess(world), kind, name, stack.inputsOf(kind, name));
    const newer = stack.get(kind, name);
    assert.notEqual(newer.id, older.id);

    stack.saved.set(`${kind}/${name}`, older);
    const calls = world.calls().length;
    const process = new ProviderProcess(world);
    stack.registerSwarm(process);
    await stack.callDelete(process, kind, name);
    // The lab is asked to remove a machine of that very ID, and has none.
    const changes = changesSince(world, calls).filter((call) => !call.startsWith('lab.remove'));
    assert.deepEqual(changes, []);
    stack.saved.set(`${kind}/${name}`, newer);

    assertAsDeclared(world, stack);
    const after = machine(world, name);
    assert.equal(after.bootId, before.machine.bootId, 'not rebuilt');
    assert.equal(world.swarm().nodes.length, before.nodes);
    assert.equal(after.engine.membership?.nodeId, before.machine.engine.membership?.nodeId);
  });

  test(`${kind} ${name}: the later Create’s own Delete does its work`, async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    await stack.create(new ProviderProcess(world), kind, name, stack.inputsOf(kind, name));
    const process = new ProviderProcess(world);
    stack.registerSwarm(process);
    if (name === 'm1' && (kind === 'LabMachine' || kind === 'Engine')) {
      await assert.rejects(stack.callDelete(process, kind, name), {
        code: 'StillInSwarm',
        message: new RegExp(`working manager .*of swarm ${stack.clusterId}.*nothing was touched`),
      });
      for (const above of ['VipMember', 'Node']) await stack.callDelete(process, above, name);
    }
    const calls = world.calls().length;
    await stack.callDelete(process, kind, name);
    assert.ok(changesSince(world, calls).length > 0);
    const again = world.calls().length;
    await stack.callDelete(process, kind, name);
    const changes = changesSince(world, again).filter((call) => !call.startsWith('lab.remove'));
    assert.deepEqual(changes, [], 'a Delete that comes again touches nothing');
  });
}
