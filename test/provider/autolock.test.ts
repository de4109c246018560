import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { resourceOf } from '../support/providerHarness';
import { shown } from '../../provider/resources/properties';
import { encodeMap } from '../../provider/server/propertyValues';
import { assertAsDeclared, copyOf, founded } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { emptyTranscript, ProviderProcess, sentences, warnings } from '../support/providerHarness';
import type { Transcript } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  const declared = cluster(3, 1, { swarm: { autolock: true } });
  origin = { world, stack: await founded(world, declared) };
});

function begin(): { readonly world: FakeWorld; readonly stack: Stack } {
  return copyOf(origin.world, origin.stack);
}

function restart(world: FakeWorld, ...names: readonly string[]): void {
  for (const name of names) world.powerOff(`test/${name}`);
  for (const name of names) world.powerOn(`test/${name}`);
  world.advance(1_000);
}

function stateOf(world: FakeWorld, name: string): string | undefined {
  return world.machine(`test/${name}`).engine.membership?.localState;
}

const heldKey = (stack: Stack): string => shown(stack.get('Swarm', 'cluster').outputs['unlockKey']);

/** What `up` does first: the Swarm is looked at, and changed when that shows a difference. */
async function upWithLook(
  world: FakeWorld,
  stack: Stack,
  transcript: Transcript = emptyTranscript(),
): Promise<void> {
  const process = new ProviderProcess(world, { transcript });
  await stack.refresh(process, 'Swarm', 'cluster');
  await stack.up(process);
}

function rotate(world: FakeWorld, key: string): void {
  world.edit(({ swarms }) => {
    for (const swarm of Object.values(swarms)) swarm.unlockKey = key;
  });
  world.advance(2_000);
}

const otherKey = `SWMKEY-1-${'B'.repeat(42)}A`;

test('the key of a new swarm is a secret of the state', () => {
  const { world, stack } = origin;
  assert.equal(world.swarm().isAutolocked, true);
  assert.equal(heldKey(stack), world.swarm().unlockKey);
  const { outputs } = resourceOf('swarm:index:Swarm');
  const wire = encodeMap(stack.get('Swarm', 'cluster').outputs, { schemas: outputs });
  assert.equal(typeof wire['unlockKey'], 'object', 'wrapped as a secret on its way to the engine');
  for (const { files } of world.machines()) {
    assert.ok(!JSON.stringify(files).includes(heldKey(stack)), 'in no file of a host');
  }
});

test('turned on and off in place; what was held stays held', async () => {
  const world = new FakeWorld();
  const stack = await founded(world, cluster(1, 0));
  assert.equal(stack.get('Swarm', 'cluster').outputs['unlockKey'], undefined);
  stack.declared = { ...stack.declared, swarm: { autolock: true } };
  await stack.up(new ProviderProcess(world));
  const key = world.swarm().unlockKey;
  assert.ok(key !== undefined);
  assert.equal(heldKey(stack), key);
  stack.declared = { ...stack.declared, swarm: {} };
  await upWithLook(world, stack);
  assert.equal(world.swarm().isAutolocked, true, 'not declared: as it is');
  assert.equal(heldKey(stack), key);
  stack.declared = { ...stack.declared, swarm: { autolock: false } };
  await stack.up(new ProviderProcess(world));
  assert.equal(world.swarm().isAutolocked, false);
  const { outputs } = stack.get('Swarm', 'cluster');
  assert.equal(outputs['unlockKey'], undefined);
  assert.deepEqual(outputs['earlierUnlockKeys'], [key]);
});

test('autolock that was turned off by hand is turned on again', async () => {
  const { world, stack } = begin();
  const { docker } = await world.effects().hosts.connect({ lab: 'test', machine: 'm1' });
  await docker.setAutolock(false);
  await upWithLook(world, stack);
  assert.equal(world.swarm().isAutolocked, true);
  assert.equal(heldKey(stack), world.swarm().unlockKey);
});

test('a manager that restarted locked is unlocked at the head of the run', async () => {
  const { world, stack } = begin();
  restart(world, 'm2');
  assert.equal(stateOf(world, 'm2'), 'locked');
  const transcript = emptyTranscript();
  await upWithLook(world, stack, transcript);
  assert.deepEqual(sentences(transcript).slice(0, 1), ['unlock m2']);
  assert.match(warnings(transcript)[0] ?? '', /^m2 is locked: its engine was restarted/);
  assert.equal(stateOf(world, 'm2'), 'active');
  assertAsDeclared(world, stack);
  assert.equal(stack.get('Swarm', 'cluster').outputs['unsettled'], undefined);
});

test('every manager locked: the key of the state unlocks them all', async () => {
  const { world, stack } = begin();
  restart(world, 'm1', 'm2', 'm3');
  const key = heldKey(stack);
  const transcript = emptyTranscript();
  await upWithLook(world, stack, transcript);
  for (const name of ['m1', 'm2', 'm3']) assert.equal(stateOf(world, name), 'active');
  assertAsDeclared(world, stack);
  assert.equal(heldKey(stack), key);
  assert.ok(!JSON.stringify(transcript).includes('SWMKEY'), 'no line says a key');
});

test('a roll goes through while a manager is locked at its start, and keeps the swarm locked', async () => {
  const { world, stack } = begin();
  restart(world, 'm3');
  stack.declared = changed(stack.declared, { os: 'debian:13' });
  await upWithLook(world, stack);
  assertAsDeclared(world, stack);
  restart(world, 'm1');
  assert.equal(stateOf(world, 'm1'), 'locked', 'the rebuilt manager is locked as the others are');
});

test('a key rotated by hand is fetched, and a manager that missed it opens with the old one', async () => {
  const { world, stack } = begin();
  const old = heldKey(stack);
  world.powerOff('test/m3');
  world.advance(30_000);
  rotate(world, otherKey);
  await stack.refresh(new ProviderProcess(world), 'Swarm', 'cluster');
  assert.equal(heldKey(stack), otherKey);
  world.powerOn('test/m3');
  await upWithLook(world, stack);
  assert.equal(stateOf(world, 'm3'), 'active');
  const { earlierUnlockKeys } = stack.get('Swarm', 'cluster').outputs;
  assert.deepEqual(earlierUnlockKeys, [old]);
});

test('no key that is known fits: an error with the way out, and the given key opens', async () => {
  const { world, stack } = begin();
  rotate(world, otherKey);
  restart(world, 'm1', 'm2', 'm3');
  const transcript = emptyTranscript();
  await assert.rejects(upWithLook(world, stack, transcript), {
    code: 'UnlockRefused',
    message:
      /none of the 1 known unlock keys opens it; it is as it was; .*pulumi config set --secret unlockKey/,
  });
  for (const key of [otherKey, heldKey(stack)]) {
    assert.ok(!JSON.stringify(transcript).includes(key), 'no line says a key');
  }
  for (const name of ['m1', 'm2', 'm3']) assert.equal(stateOf(world, name), 'locked');
  stack.declared = { ...stack.declared, swarm: { autolock: true, unlockWith: otherKey } };
  await upWithLook(world, stack);
  assertAsDeclared(world, stack);
  assert.equal(heldKey(stack), otherKey);
});

test('an answer that is lost on its way does not stop the unlocking', async () => {
  const { world, stack } = begin();
  restart(world, 'm2');
  const message = 'its engine does not answer';
  world.failNext('docker.swarmUnlock', { code: 'EngineUnreachable', message }, { after: true });
  await upWithLook(world, stack);
  assertAsDeclared(world, stack);
});

test('nothing is founded beside managers that are locked', async () => {
  const { world, stack } = begin();
  restart(world, 'm1', 'm2', 'm3');
  stack.saved.delete('Swarm/cluster');
  await assert.rejects(stack.applySwarm(new ProviderProcess(world)), { code: 'ManagerLocked' });
  assert.equal(world.swarms().length, 1);
});

test('a locked manager of another swarm gets none of our keys', async () => {
  const { world, stack } = begin();
  restart(world, 'm3');
  world.editMachine('test/m3', ({ engine }) => {
    if (engine.membership !== undefined) engine.membership.clusterId = 'another';
  });
  const transcript = emptyTranscript();
  const calls = world.calls().length;
  await upWithLook(world, stack, transcript).catch(() => undefined);
  assert.ok(
    !world
      .calls()
      .slice(calls)
      .some(({ operation }) => operation === 'docker.swarmUnlock'),
  );
  assert.ok(
    warnings(transcript).some((line) => /m3 is locked in swarm another, not in/.test(line)),
  );
});
