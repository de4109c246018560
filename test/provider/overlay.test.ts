import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { assertAsDeclared, copyOf, founded, view } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import type { Link } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { emptyTranscript, ProviderProcess, sentences, warnings } from '../support/providerHarness';
import { InitErrors } from '../support/savedResource';
import type { Stack } from '../support/providerStack';

/** Two managers and a worker; m3 is declared, and its machine is there with an engine. */
let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  const stack = await founded(world, cluster(2, 1, { node: { timeouts: { ready: 20 } } }));
  stack.declared = cluster(3, 1, { node: { timeouts: { ready: 20 } } });
  const links: readonly Link[] = ['HostIdentity', 'LabMachine', 'Engine'];
  await stack.applyLinks(new ProviderProcess(world), 'm3', links);
  origin = { world, stack };
});

function block(world: FakeWorld, name: string, ports: readonly number[] = [4789]): void {
  world.editMachine(`test/${name}`, (machine) => (machine.blockedPorts = [...ports]));
}

const ofOverlay = (sentence: string): boolean => sentence.includes('overlay');

/** m3's join while m1 drops the data path, which no probe before the join can see. */
async function joinSilently(
  breakIt: (world: FakeWorld) => void = (world) => {
    block(world, 'm1');
  },
): Promise<ReturnType<typeof copyOf> & { readonly error: InitErrors }> {
  const { world, stack } = copyOf(origin.world, origin.stack);
  breakIt(world);
  const error = await stack.applyNode(new ProviderProcess(world), 'm3').then(
    () => assert.fail('it was activated'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof InitErrors, String(error));
  return { world, stack, error };
}

test('each node that joins is tried with another manager before it is activated', async () => {
  const world = new FakeWorld();
  const transcript = emptyTranscript();
  await founded(world, cluster(2, 1), transcript);
  assert.deepEqual(
    sentences(transcript).filter((sentence) => / active$|overlay/.test(sentence)),
    [
      'leave the overlay of m1 untried: no other node is up',
      'set m1 active',
      'try the overlay between m2 and m1',
      'set m2 active',
      'try the overlay between w1 and m1',
      'set w1 active',
    ],
  );
  assert.deepEqual(warnings(transcript), []);
});

test('a data path that drops is found after the join, and the node is not activated', async () => {
  const { world, error } = await joinSilently();
  assert.match(
    error.message,
    /^m3: over the overlay network nothing passes between m3 and m1: m3 gets no answer from m1 at 10\.0\.0\.2, m1 gets no answer from m3 at 10\.0\.0\.\d+, for 20 s; m3 was not activated; gossip passes, and packets do not: open 4789\/udp, the data path, between 10\.88\.0\.13 and 10\.88\.0\.11, both ways; between m3 and m2 packets pass: look at m1 first; then `pulumi up` goes on$/,
  );
  assert.ok(view(world).entries.includes('m3 manager ready drain'));
});

test('large packets that are dropped are named, and the node is not activated', async () => {
  const { world, error } = await joinSilently((broken) => {
    broken.editMachine('test/m1', (machine) => (machine.largestPacket = 1_400));
  });
  assert.match(
    error.message,
    /^m3: over the overlay network not every packet passes between m3 and m1, for 20 s; m3 was not activated; packets of 1450 bytes do not pass from m3 to m1, and small ones do: .* less than 1500 bytes; raise its MTU, .*; then `pulumi up` goes on$/,
  );
  assert.ok(view(world).entries.includes('m3 manager ready drain'));
});

test('gossip that is blocked after the join was tried is told from a blocked data path', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const run = stack.applyNode(new ProviderProcess(world), 'm3').catch((thrown: unknown) => thrown);
  await world.effects().clock.sleep(500);
  while (world.machine('test/m3').engine.membership === undefined) {
    await world.effects().clock.sleep(100);
  }
  block(world, 'm1', [7946]);
  const error = await run;
  assert.ok(error instanceof InitErrors, String(error));
  assert.match(
    error.message,
    /7946\/tcp from m3 \(10\.88\.0\.13\) to m1 \(10\.88\.0\.11\) is silent: open it/,
  );
});

test('the next up tries again: still silent, still drained; open again, active', async () => {
  const { world, stack } = await joinSilently();
  await stack.refresh(new ProviderProcess(world), 'Node', 'm3');
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm3'), InitErrors);
  assert.ok(view(world).entries.includes('m3 manager ready drain'));
  block(world, 'm1', []);
  const joined = world.swarm().nodes.find(({ hostname }) => hostname === 'm3')?.id;
  const transcript = emptyTranscript();
  await stack.up(new ProviderProcess(world, { transcript }));
  assertAsDeclared(world, stack);
  assert.equal(world.swarm().nodes.find(({ hostname }) => hostname === 'm3')?.id, joined);
  assert.deepEqual(sentences(transcript).filter(ofOverlay), ['try the overlay between m3 and m1']);
});

test('a path that opens while it is tried lets the node through', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  block(world, 'm1');
  const run = stack.applyNode(new ProviderProcess(world), 'm3');
  await world.effects().clock.sleep(12_000);
  assert.ok(view(world).entries.includes('m3 manager ready drain'), 'it is being tried');
  block(world, 'm1', []);
  await run;
  assert.ok(view(world).entries.includes('m3 manager ready active'));
});

test('a peer that can no longer be asked is not called silent', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  block(world, 'm1');
  const failed = stack.applyNode(new ProviderProcess(world), 'm3').catch((error: unknown) => error);
  await world.effects().clock.sleep(12_000);
  world.setLink('test/m1', 'managementCut');
  const error = await failed;
  assert.ok(error instanceof InitErrors, String(error));
  assert.match(error.message, /the overlay did not come true within 20 s: .*test\/m1/);
});

test('what serves is left alone when a label of it changes', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  block(world, 'm1');
  stack.declared = changed(stack.declared, { node: { labels: { rack: 'a' } } }, 'w1');
  const transcript = emptyTranscript();
  await stack.applyNode(new ProviderProcess(world, { transcript }), 'w1');
  assert.deepEqual(sentences(transcript).filter(ofOverlay), []);
});

test('without an ingress network it is said that nothing was tried, and the node is activated', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.edit(({ swarms }) => {
    for (const swarm of Object.values(swarms)) swarm.hasIngress = false;
  });
  const transcript = emptyTranscript();
  await stack.applyNode(new ProviderProcess(world, { transcript }), 'm3');
  const why = 'the swarm has no ingress network';
  assert.deepEqual(sentences(transcript).filter(ofOverlay), [
    `leave the overlay of m3 untried: ${why}`,
  ]);
  assert.deepEqual(warnings(transcript), [`m3: its overlay was not tried: ${why}`]);
  assert.ok(view(world).entries.includes('m3 manager ready active'));
});
