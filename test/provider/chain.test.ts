import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownLabels } from '../../core/labels';
import {
  assertAsDeclared,
  changesSince,
  founded,
  machine,
  vipHolder,
} from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { emptyTranscript, ProviderProcess, sentences, warnings } from '../support/providerHarness';
import { webService } from '../support/webService';

test('three managers and a worker are built from nothing, one join after another', async () => {
  const world = new FakeWorld();
  const transcript = emptyTranscript();
  const stack = await founded(world, cluster(3, 1, await webService()), transcript);
  assertAsDeclared(world, stack);
  assert.equal(vipHolder(world), 'm1');
  assert.deepEqual(warnings(transcript), []);
  assert.deepEqual(
    sentences(transcript).filter((sentence) =>
      /found|join|set .* active|start keep/.test(sentence),
    ),
    [
      'found the swarm on m1',
      'set m1 active',
      'start keepalived on m1',
      'join m2 as manager, drained',
      'set m2 active',
      'start keepalived on m2',
      'join m3 as manager, drained',
      'set m3 active',
      'start keepalived on m3',
      'join w1 as worker, drained',
      'set w1 active',
    ],
  );
  for (const { hostname, labels } of world.swarm().nodes) {
    assert.deepEqual(
      Object.keys(ownLabels(labels)).sort(),
      ['engine-source', 'joined', 'managed', 'os', 'resource'].map(
        (label) => `com.pulumi.swarm.${label}`,
      ),
      `our labels on ${hostname}`,
    );
    const { installed, held } = machine(world, hostname);
    assert.equal(installed['docker.io'], '20.10.24+dfsg1-1+deb12u1');
    assert.deepEqual(held, ['docker.io']);
  }
});

test('a second run touches nothing, and a label is changed in place on its own node', async () => {
  const world = new FakeWorld();
  const stack = await founded(world, cluster(3, 1));
  const transcript = emptyTranscript();
  const calls = world.calls().length;
  await stack.up(new ProviderProcess(world, { transcript }));
  assert.deepEqual([sentences(transcript), changesSince(world, calls)], [[], []]);

  stack.declared = changed(stack.declared, { node: { labels: { rack: 'a1' } } }, 'w1');
  await stack.up(new ProviderProcess(world, { transcript }));
  assertAsDeclared(world, stack);
  assert.deepEqual(sentences(transcript), ['label w1', 'wait until w1 is ready']);
  const entry = world.swarm().nodes.find(({ hostname }) => hostname === 'w1');
  assert.equal(entry?.labels['rack'], 'a1');
  assert.equal(Object.keys(ownLabels(entry.labels)).length, 5, 'our own labels stay');
});

test('one more manager is joined to the running swarm', async () => {
  const world = new FakeWorld();
  const stack = await founded(world, cluster(1, 1));
  const { clusterId } = stack;
  stack.declared = cluster(3, 1);
  await stack.up(new ProviderProcess(world));
  assertAsDeclared(world, stack);
  assert.equal(world.swarm().clusterId, clusterId);
});
