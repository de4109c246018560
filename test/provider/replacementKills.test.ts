import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { steps } from '../../core/steps';
import { assertAsDeclared, copyOf, founded, machine, watchSafety } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import type { WorldState } from '../support/fakeWorld/fakeWorld';
import { emptyTranscript, Killed, ProviderProcess, sentences } from '../support/providerHarness';
import type { StepFault } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  origin = { world, stack: await founded(world, cluster(3, 1, await webService())) };
});

/** A node that is replaced, with a worker that stands in for it or without one. */
interface Case {
  readonly name: string;
  readonly standIn?: true;
}

/** A copy of the cluster whose node `name` is declared with another OS, watched for its safety. */
function begin(
  { name, standIn }: Case,
  watch: (state: WorldState) => void = () => undefined,
): ReturnType<typeof copyOf> & { readonly faults: ReadonlySet<string> } {
  const safety = watchSafety();
  const copy = copyOf(origin.world, origin.stack, (state) => {
    safety.watch(state);
    watch(state);
  });
  copy.stack.declared = {
    ...changed(copy.stack.declared, { os: 'debian:13' }, name),
    swarm: { roll: standIn === undefined ? {} : { standIn } },
  };
  return { ...copy, faults: safety.faults };
}

/** The steps of a whole replacement that nothing disturbs, as they begin and end, and the number of calls that change something. */
async function undisturbed(wish: Case): Promise<{
  readonly wanted: readonly string[];
  readonly ended: readonly string[];
  readonly calls: number;
}> {
  const { world, stack } = begin(wish);
  const transcript = emptyTranscript();
  const calls = world.calls().length;
  await stack.up(new ProviderProcess(world, { transcript }), [wish.name]);
  const ended = transcript.journal.flatMap(({ event, sentence }) =>
    event === 'end' ? [sentence] : [],
  );
  return { wanted: sentences(transcript), ended, calls: world.calls().length - calls };
}

/** The next run of another process ends with everything as declared, and builds nothing a second time. */
async function resume(
  { world, stack, faults }: ReturnType<typeof begin>,
  name: string,
  what: string,
  isKilled: boolean,
): Promise<void> {
  const left = world.machines().find(({ key }) => key === `test/${name}`);
  const joined = world.swarm().nodes.find(({ hostname }) => hostname === name)?.id;
  await stack.up(new ProviderProcess(world));
  try {
    assertAsDeclared(world, stack, { mayHaveDeadLease: isKilled });
    assert.deepEqual([...faults], [], 'quorum and virtual IP at every moment');
    if (left?.os !== 'debian:13') return;
    assert.equal(machine(world, name).bootId, left.bootId, 'no second rebuild');
    const entry = world.swarm().nodes.find(({ hostname }) => hostname === name);
    if (joined !== undefined) assert.equal(entry?.id, joined, 'no second join');
  } catch (error) {
    throw new Error(`after ${what}: ${String(error)}`, { cause: error });
  }
}

/** Returns the sentence of the step that the fault came at. */
async function faulted(wish: Case, fault: StepFault): Promise<string> {
  const { name } = wish;
  const run = begin(wish);
  const transcript = emptyTranscript();
  const dying = new ProviderProcess(run.world, { transcript, fault });
  const failure = await run.stack.up(dying, [name]).then(
    () => undefined,
    (error: unknown) => error,
  );
  const step = transcript.journal.filter(({ event }) => event === fault.at)[fault.step];
  const what = `${fault.kind} at the ${fault.at} of "${String(step?.sentence)}"`;
  assert.ok(dying.hasFaulted, what);
  if (fault.kind === 'kill') assert.ok(failure instanceof Killed, `${what}: ${String(failure)}`);
  if (fault.kind === 'lose') {
    assert.equal(
      sentences(transcript).length,
      fault.step + 1,
      `${what}: no step was begun after it`,
    );
  }
  await resume(run, name, what, fault.kind === 'kill');
  return step?.sentence ?? '';
}

test('the steps that are killed at below are all that a replacement has', async () => {
  const { wanted } = await undisturbed({ name: 'm1', standIn: true });
  const ofOtherOperations = [
    'alignVip',
    'prepareImage',
    'promote',
    ...['moveTasks', 'moveOne'],
    ...['hookBefore', 'hookAfter'],
    'provideImages',
    'found',
    'evict',
    'overlayUntried',
    'unlock',
    'autolock',
    'abandon',
    'recover',
    'restartEngine',
    'backUp',
    'endBackup',
    'changeSource',
    'configureEngine',
    'reloadEngine',
    'forget',
    ...['drainServer', 'giveServerBack', 'installBalancer', 'startBalancer', 'stopBalancer'],
    'archive',
    'setAside',
    'restore',
    ...['fetchEngine', 'keepEngine', 'putBackEngine', 'release'],
    ...['withoutAlpn', 'withAlpn'],
  ];
  for (const [key, sentence] of Object.entries(steps)) {
    // Every placeholder as a text that matches whatever stands there.
    const pattern = new RegExp(
      `^${sentence('\0', '\0')
        .replace(/[^\w\0]/g, '\\$&')
        .replace(/\0/g, '.+')}$`,
    );
    assert.equal(
      wanted.some((step) => pattern.test(step)),
      !ofOtherOperations.includes(key),
      `${key}: ${String(pattern)}`,
    );
  }
});

const faults: readonly Omit<StepFault, 'step'>[] = [
  { kind: 'kill', at: 'start' },
  { kind: 'kill', at: 'end' },
  { kind: 'lose', at: 'start' },
  { kind: 'fail', at: 'end' },
];

const cases: readonly Case[] = [{ name: 'm1' }, { name: 'w1' }, { name: 'm1', standIn: true }];

for (const wish of cases) {
  const { name } = wish;
  const what = wish.standIn === undefined ? name : `${name}, with a worker that stands in`;
  for (const { kind, at } of faults) {
    test(`${what}: ${kind} at the ${at} of every step, then resumed by another process`, async () => {
      // Those that go on side by side do not end in the order of their beginnings.
      const { wanted, ended } = await undisturbed(wish);
      const hit: string[] = [];
      for (const step of wanted.keys()) hit.push(await faulted(wish, { kind, at, step }));
      assert.deepEqual(hit, at === 'start' ? wanted : ended, 'every step was hit');
      assert.deepEqual([...hit].sort(), [...wanted].sort());
    });
  }

  test(`${what}: killed after every call that changes something, then resumed`, async () => {
    const { calls } = await undisturbed(wish);
    for (let count = 1; count <= calls; count += 1) {
      const first = origin.world.calls().length;
      const dying: { process?: ProviderProcess } = {};
      const run = begin(wish, (state) => {
        if (state.calls.length >= first + count) dying.process?.kill();
      });
      dying.process = new ProviderProcess(run.world);
      const ended = await run.stack.up(dying.process, [name]).catch((error: unknown) => error);
      assert.ok(ended instanceof Killed, String(ended));
      const { operation = '', host = '' } = run.world.calls().at(-1) ?? {};
      const when = `a kill after call ${String(count)}, ${operation} on ${host}`;
      await resume(run, name, when, true);
    }
  });
}
