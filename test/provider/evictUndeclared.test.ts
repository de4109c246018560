import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { managedLabel } from '../../core/labels';
import { assertAsDeclared, copyOf, founded, view } from '../support/clusterState';
import { changed, cluster, without } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { emptyTranscript, ProviderProcess, sentences } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  origin = { world, stack: await founded(world, cluster(5, 1)) };
});

test('at the head of a run silent members that nobody declares go, answering ones stay to its end', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.powerOff('test/m4');
  world.advance(60_000);
  stack.declared = without(stack.declared, 'm2', 'm4');
  const transcript = emptyTranscript();
  const head = new ProviderProcess(world, { transcript });
  await stack.applySwarm(head);
  assert.deepEqual(
    sentences(transcript).filter((sentence) => sentence.startsWith('evict')),
    ['evict m4, which is unreachable and no longer declared'],
  );
  assert.deepEqual(view(world).managers, ['m1', 'm2', 'm3', 'm5']);
  // The gate of another node opens before the deletes at the end of the run.
  stack.declared = changed(stack.declared, { os: 'debian:13' }, 'm1');
  await stack.up(new ProviderProcess(world));
  // The last one to go may have led: its successor's nodes are unknown for a moment.
  world.advance(5_000);
  assertAsDeclared(world, stack);
});

test('a silent worker that nobody declares goes too, a declared one does not', async () => {
  for (const [isDeclared, left] of [
    [true, 6],
    [false, 5],
  ] as const) {
    const { world, stack } = copyOf(origin.world, origin.stack);
    world.powerOff('test/w1');
    world.advance(60_000);
    stack.declared = isDeclared
      ? { ...stack.declared, swarm: { allowDestroy: true } }
      : without(stack.declared, 'w1');
    await stack.applySwarm(new ProviderProcess(world));
    assert.equal(world.swarm().nodes.length, left);
  }
});

test('a silent node that this package did not join is nobody’s to evict', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.edit(({ swarms }) => {
    for (const node of Object.values(swarms).flatMap(({ nodes }) => nodes)) {
      if (node.hostname === 'w1') Reflect.deleteProperty(node.labels, managedLabel);
    }
  });
  world.powerOff('test/w1');
  world.advance(60_000);
  stack.declared = without(stack.declared, 'w1');
  await stack.applySwarm(new ProviderProcess(world));
  assert.equal(world.swarm().nodes.length, 6);
});

test('an eviction that was killed at any moment is finished by the next run', async () => {
  for (const at of ['start', 'end'] as const) {
    const { world, stack } = copyOf(origin.world, origin.stack);
    world.powerOff('test/m4');
    world.advance(60_000);
    stack.declared = without(stack.declared, 'm4');
    const dying = new ProviderProcess(world, { fault: { kind: 'kill', at, step: 1 } });
    await assert.rejects(stack.applySwarm(dying), { name: 'Killed' });
    await stack.up(new ProviderProcess(world));
    assert.deepEqual(view(world).managers, ['m1', 'm2', 'm3', 'm5']);
  }
});

test('killed after every call of an eviction, the next run finishes it', async () => {
  const begin = (watch?: Parameters<typeof copyOf>[2]): ReturnType<typeof copyOf> => {
    const copy = copyOf(origin.world, origin.stack, watch);
    copy.world.powerOff('test/m4');
    copy.world.advance(60_000);
    copy.stack.declared = without(copy.stack.declared, 'm4');
    return copy;
  };
  const whole = begin();
  const first = whole.world.calls().length;
  await whole.stack.applySwarm(new ProviderProcess(whole.world));
  const count = whole.world.calls().length - first;
  assert.ok(count >= 3, String(count));
  for (let at = 1; at <= count; at += 1) {
    const dying: { process?: ProviderProcess } = {};
    const { world, stack } = begin((state) => {
      if (state.calls.length >= first + at) dying.process?.kill();
    });
    dying.process = new ProviderProcess(world);
    await assert.rejects(stack.applySwarm(dying.process), { name: 'Killed' });
    await stack.applySwarm(new ProviderProcess(world));
    assert.deepEqual(view(world).managers, ['m1', 'm2', 'm3', 'm5']);
    assert.equal(world.swarm().nodes.length, 5);
  }
});

test('a manager that entered raft again after its demotion is seen and taken out, silent or not', async () => {
  for (const isSilent of [true, false]) {
    const { world, stack } = copyOf(origin.world, origin.stack);
    world.powerOff('test/m4');
    world.advance(60_000);
    const id = world.swarm().nodes.find(({ hostname }) => hostname === 'm4')!.id;
    const { docker } = await world.effects().hosts.connect({ lab: 'test', machine: 'm1' });
    await docker.updateNode(id, { role: 'worker' });
    world.advance(5_000);
    world.enterRaftAgain(id);
    if (!isSilent) {
      world.powerOn('test/m4');
      world.advance(30_000);
    }
    assert.ok(world.swarm().members.includes(id));
    stack.declared = without(stack.declared, 'm4');
    await stack.applySwarm(new ProviderProcess(world));
    assert.ok(!world.swarm().members.includes(id), 'no member any more');
    assert.equal(world.swarm().nodes.length, isSilent ? 5 : 6);
    // The delete at the end of the run takes the rest of it out.
    await stack.up(new ProviderProcess(world));
    assert.deepEqual(view(world).managers, ['m1', 'm2', 'm3', 'm5']);
    assert.equal(world.swarm().nodes.length, 5);
  }
});
