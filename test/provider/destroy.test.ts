import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { changesSince, copyOf, founded } from '../support/clusterState';
import { cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { emptyTranscript, ProviderProcess, sentences, warnings } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  origin = { world, stack: await founded(world, cluster(3, 1, await webService())) };
});

/** The same cluster after an `up` that gave its consent. */
async function consenting(): Promise<{ readonly world: FakeWorld; readonly stack: Stack }> {
  const copy = copyOf(origin.world, origin.stack);
  copy.stack.declared = { ...copy.stack.declared, swarm: { allowDestroy: true } };
  await copy.stack.up(new ProviderProcess(copy.world));
  return copy;
}

for (const [kind, name] of [
  ['VipMember', 'm1'],
  ['Node', 'm1'],
  ['Node', 'w1'],
  ['Service', 'web'],
  ['Swarm', 'cluster'],
] as const) {
  test(`without consent the Delete of ${kind} ${name} refuses, touches nothing and names the commands`, async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    const calls = world.calls().length;
    await assert.rejects(stack.callDelete(new ProviderProcess(world), kind, name), {
      code: 'DestroyNotAllowed',
      message:
        /nothing was touched.*`pulumi config set allowDestroy true && pulumi up`, then `pulumi destroy`/,
    });
    assert.deepEqual(changesSince(world, calls), []);
  });
}

test('consent that cannot be read is none: nothing is touched', async () => {
  const { world, stack } = await consenting();
  for (const name of ['m1', 'm2', 'm3']) world.setLink(`test/${name}`, 'managementCut');
  const calls = world.calls().length;
  for (const [kind, name] of [
    ['VipMember', 'm1'],
    ['Node', 'w1'],
  ] as const) {
    await assert.rejects(stack.callDelete(new ProviderProcess(world), kind, name), {
      code: 'NoManager',
      message:
        /cannot be read, and nothing was touched; bring a manager back .*`pulumi state delete /,
    });
  }
  assert.deepEqual(changesSince(world, calls), []);
});

test('with consent everything goes, the last manager by force, and nothing is left', async () => {
  const { world, stack } = await consenting();
  const transcript = emptyTranscript();
  await stack.destroy(new ProviderProcess(world, { transcript }));
  assert.deepEqual([...stack.saved.keys()], []);
  assert.deepEqual(world.machines(), []);
  assert.deepEqual(
    sentences(transcript).filter((sentence) => /leaves the swarm/.test(sentence)),
    ['w1', 'm3', 'm2', 'm1'].map((name) => `${name} leaves the swarm`),
  );
  assert.ok(
    !sentences(transcript).some((sentence) => /gate/.test(sentence)),
    'no gate in a destroy',
  );
  assert.deepEqual(warnings(transcript), []);
});

test('a destroy that was killed at any step is finished by the next one', async () => {
  const { world, stack } = await consenting();
  const transcript = emptyTranscript();
  const whole = copyOf(world, stack);
  await whole.stack.destroy(new ProviderProcess(whole.world, { transcript }));
  for (const step of sentences(transcript).keys()) {
    const copy = copyOf(world, stack);
    const fault = { kind: 'kill', at: 'end', step } as const;
    const dying = new ProviderProcess(copy.world, { fault });
    await assert.rejects(copy.stack.destroy(dying), { name: 'Killed' });
    await copy.stack.destroy(new ProviderProcess(copy.world));
    assert.deepEqual(copy.world.machines(), []);
  }
});

test('machines that are gone already are no obstacle', async () => {
  const { world, stack } = await consenting();
  world.edit((state) => {
    for (const key of Object.keys(state.machines)) Reflect.deleteProperty(state.machines, key);
  });
  const transcript = emptyTranscript();
  await stack.destroy(new ProviderProcess(world, { transcript }));
  assert.deepEqual([...stack.saved.keys()], []);
  assert.ok(warnings(transcript).some((line) => /no manager is in the swarm any more/.test(line)));
});

test('a manager that lost its power goes with the others, with a warning', async () => {
  const { world, stack } = await consenting();
  world.powerOff('test/m2');
  world.advance(60_000);
  const transcript = emptyTranscript();
  await stack.destroy(new ProviderProcess(world, { transcript }));
  assert.deepEqual(world.machines(), []);
  assert.ok(warnings(transcript).some((line) => /^m2 does not answer/.test(line)));
});
