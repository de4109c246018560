import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { SwarmError } from '../../core/errors';
import { steps } from '../../core/steps';
import { copyOf, founded } from '../support/clusterState';
import { cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { emptyTranscript, ProviderProcess } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

const workers = ['w1', 'w2', 'w3'];

async function begin(maxUnavailable: number): Promise<{ world: FakeWorld; stack: Stack }> {
  const world = new FakeWorld();
  const declared = cluster(3, 4, {
    ...(await webService()),
    node: { maxUnavailable },
  });
  return { world, stack: await founded(world, declared) };
}

let three: { world: FakeWorld; stack: Stack };
let one: { world: FakeWorld; stack: Stack };

before(async () => {
  three = await begin(3);
  one = await begin(1);
});

test('workers of a batch are drained one after another, and leave while the next one is drained', async () => {
  const { world, stack } = copyOf(three.world, three.stack);
  const transcript = emptyTranscript();
  const process = new ProviderProcess(world, { transcript });
  stack.registerSwarm(process);
  await Promise.all(workers.map((name) => stack.callDelete(process, 'Node', name)));
  const { journal } = transcript;
  const at = (event: 'start' | 'end', sentence: string): number => {
    const index = journal.findIndex((each) => each.event === event && each.sentence === sentence);
    assert.ok(index >= 0, `${sentence}: no ${event}`);
    return index;
  };
  for (const [index, name] of workers.entries()) {
    const next = workers[index + 1];
    if (next === undefined) continue;
    const gate = at('start', steps.gate(next));
    assert.ok(at('end', steps.drain(name)) < gate, `${next} waits until ${name} is drained`);
    assert.ok(gate < at('end', steps.remove(name)), `${next} does not wait for ${name} to leave`);
  }
  assert.deepEqual(
    world.swarm().nodes.map(({ hostname }) => hostname),
    ['m1', 'm2', 'm3', 'w4'],
  );
});

test('one that is drained and has not left counts as out: no more go than may be out', async () => {
  const { world, stack } = copyOf(one.world, one.stack);
  const transcript = emptyTranscript();
  const process = new ProviderProcess(world, { transcript });
  stack.registerSwarm(process);
  const outcomes = await Promise.allSettled(
    ['w1', 'w2'].map((name) => stack.callDelete(process, 'Node', name)),
  );
  const [first, second] = outcomes;
  assert.equal(first?.status, 'fulfilled');
  assert.ok(second?.status === 'rejected' && second.reason instanceof SwarmError);
  assert.match(second.reason.message, /worker w1 is .*, and 1 may be out at once/);
  assert.ok(transcript.statuses.some((line) => line.includes('worker w1 is drained to go')));
  assert.ok(!transcript.journal.some(({ sentence }) => sentence === steps.drain('w2')));
});
