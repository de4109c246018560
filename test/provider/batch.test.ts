import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { SwarmError } from '../../core/errors';
import { leaseConfigName, readBaseline } from '../../core/lease';
import { steps } from '../../core/steps';
import { assertAsDeclared, copyOf, founded } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import type { WorldState } from '../support/fakeWorld/fakeWorld';
import type { PropertyMap } from '../../provider/server/resource';
import { pauseReference } from '../contract/pauseImage';
import { emptyTranscript, ProviderProcess } from '../support/providerHarness';
import type { StepFault, Transcript } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

const workers = ['w1', 'w2', 'w3'];
const onWorkers = { constraints: ['node.role == worker'] };

/** A cluster whose workers each have one replica of `web`, and whatever else is wanted. */
async function begin(
  size: number,
  maxUnavailable: number,
  more: { readonly services?: readonly PropertyMap[]; readonly node?: PropertyMap } = {},
): Promise<{ world: FakeWorld; stack: Stack }> {
  const world = new FakeWorld();
  const { engine } = await webService();
  const image = pauseReference;
  const declared = cluster(3, size, {
    engine,
    services: [
      { name: 'everywhere', image, global: true },
      { name: 'web', image, replicas: size, ...onWorkers },
      ...(more.services ?? []).map((service) => ({ image, ...service })),
    ],
    node: { maxUnavailable, ...more.node },
  });
  return { world, stack: await founded(world, declared) };
}

/** Replicas of `web` that run, and are to run on. */
function runningWeb({ swarms }: WorldState): number {
  return Object.values(swarms).reduce((sum, { services, tasks }) => {
    const id = services.find(({ spec }) => spec.name === 'web')?.id;
    const running = tasks.filter(
      (task) =>
        task.serviceId === id && task.state === 'running' && task.desiredState === 'running',
    );
    return sum + running.length;
  }, 0);
}

function watchLeast(wanted: number): {
  readonly watch: (state: WorldState) => void;
  readonly faults: ReadonlySet<string>;
} {
  const faults = new Set<string>();
  const watch = (state: WorldState): void => {
    const running = runningWeb(state);
    if (running < wanted) faults.add(`${String(running)} ran`);
  };
  return { watch, faults };
}

interface Rolled {
  readonly world: FakeWorld;
  readonly outcomes: readonly PromiseSettledResult<void>[];
  /** Place of a step's event in the journal. */
  readonly at: (event: 'start' | 'end', sentence: string) => number;
  readonly transcript: Transcript;
  /** Least replicas of `web` that ran, and were to run on, at any moment. */
  readonly least: number;
  /** How many they were when a step began. */
  readonly running: ReadonlyMap<string, number>;
}

/** Deletes the nodes of these workers side by side, as the engine does with those of a batch. */
async function takeOut(
  { world: origin, stack: former }: { world: FakeWorld; stack: Stack },
  names: readonly string[],
  fault?: StepFault,
): Promise<Rolled> {
  let least = Infinity;
  let now = NaN;
  const { world, stack } = copyOf(origin, former, (state) => {
    now = runningWeb(state);
    least = Math.min(least, now);
  });
  const transcript = emptyTranscript();
  const running = new Map<string, number>();
  const push = transcript.journal.push.bind(transcript.journal);
  transcript.journal.push = (...lines) => {
    for (const { event, sentence } of lines) if (event === 'start') running.set(sentence, now);
    return push(...lines);
  };
  const run = async (process: ProviderProcess): Promise<Rolled['outcomes']> => {
    stack.registerSwarm(process);
    return Promise.allSettled(names.map((name) => stack.callDelete(process, 'Node', name)));
  };
  let outcomes: Rolled['outcomes'] = [];
  if (fault !== undefined) {
    const mortal = new ProviderProcess(world, { fault });
    await run(mortal);
    assert.ok(mortal.hasFaulted, 'it was killed');
  }
  outcomes = await run(new ProviderProcess(world, { transcript }));
  const { journal } = transcript;
  const at: Rolled['at'] = (event, sentence) => {
    const index = journal.findIndex((each) => each.event === event && each.sentence === sentence);
    assert.ok(index >= 0, `${sentence}: no ${event}`);
    return index;
  };
  return { world, outcomes, at, transcript, least, running };
}

function assertGone({ world, outcomes }: Rolled, names: readonly string[]): void {
  for (const outcome of outcomes) assert.equal(outcome.status, 'fulfilled');
  const left = world.swarm().nodes.map(({ hostname }) => hostname);
  assert.deepEqual(
    left.filter((name) => names.includes(name)),
    [],
  );
}

let eight: { world: FakeWorld; stack: Stack };
let three: { world: FakeWorld; stack: Stack };
let one: { world: FakeWorld; stack: Stack };

before(async () => {
  eight = await begin(8, 4);
  three = await begin(4, 3);
  one = await begin(4, 1);
});

test('workers of a batch are drained side by side as far as a quarter of a service may be down', async () => {
  const names = ['w1', 'w2', 'w3', 'w4'];
  const rolled = await takeOut(eight, names);
  assertGone(rolled, names);
  const { at, least, transcript } = rolled;
  assert.ok(at('start', steps.drain('w2')) < at('end', steps.drain('w1')), 'two of eight');
  const ended = Math.min(at('end', steps.drain('w1')), at('end', steps.drain('w2')));
  assert.ok(ended < at('start', steps.drain('w3')), 'the third waits for one of them');
  assert.ok(least >= 6, `${String(least)} of 8 ran at the least`);
  assert.ok(
    transcript.statuses.some((line) =>
      line.includes(
        'while w1, w2 is drained: of service web 5 of 8 tasks would stay, and 6 are to',
      ),
    ),
    'it says what it waits for',
  );
});

test('where each has a quarter of a service they go one after another, and leave while the next one is drained', async () => {
  const rolled = await takeOut(three, workers);
  assertGone(rolled, workers);
  const { at, least, running } = rolled;
  for (const [index, name] of workers.entries()) {
    const next = workers[index + 1];
    if (next === undefined) continue;
    // Which of the two sees it first is a matter of milliseconds.
    const whole = `${next} waits until the replica of ${name} runs elsewhere`;
    assert.equal(running.get(steps.drain(next)), 4, whole);
    const gate = at('start', steps.gate(next));
    assert.ok(gate < at('end', steps.remove(name)), `${next} does not wait for ${name} to leave`);
  }
  assert.ok(least >= 2, `${String(least)} of 4 ran at the least`);
});

test('a run that is killed while two are drained: the next one goes on, and no more is down than may be', async () => {
  const names = ['w1', 'w2', 'w3', 'w4'];
  for (let step = 0; step < 12; step += 1) {
    const rolled = await takeOut(eight, names, { kind: 'kill', at: 'start', step });
    assertGone(rolled, names);
    assert.ok(rolled.least >= 6, `step ${String(step)}: ${String(rolled.least)} of 8`);
  }
});

test('a whole batch is replaced side by side: every node comes back, and no more is down than may be', async () => {
  const { watch, faults } = watchLeast(6);
  const { world, stack } = copyOf(eight.world, eight.stack, watch);
  const names = ['w1', 'w2', 'w3', 'w4'];
  stack.declared = changed(stack.declared, { os: 'debian:13' }, ...names);
  const process = new ProviderProcess(world);
  stack.registerSwarm(process);
  await Promise.all(names.map((name) => stack.applyNode(process, name)));
  assertAsDeclared(world, stack);
  assert.deepEqual([...faults], []);
});

test('a drain that fails leaves its node as it was, and the others go behind it', async () => {
  const pinned = { name: 'pinned', replicas: 1, constraints: ['node.hostname == w1'] };
  const origin = await begin(8, 4, { services: [pinned], node: { timeouts: { drain: 20 } } });
  const rolled = await takeOut(origin, ['w1', 'w2']);
  const [first, second] = rolled.outcomes;
  assert.ok(first?.status === 'rejected' && first.reason instanceof SwarmError);
  assert.match(first.reason.message, /service pinned runs 0 of 1 tasks elsewhere.*as it was/);
  assert.equal(second?.status, 'fulfilled');
  const swarm = rolled.world.swarm();
  const entry = swarm.nodes.find(({ hostname }) => hostname === 'w1');
  assert.equal(entry?.availability, 'active');
  const kept = swarm.configs.find(({ name }) => name === leaseConfigName)?.labels ?? {};
  assert.equal(readBaseline(kept, 'w1'), undefined);
  assert.ok(readBaseline(kept, 'w2') !== undefined);
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
