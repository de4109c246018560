import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { heldNodes, isOutHeld } from '../../core/held';
import { planRollout } from '../../provider/functions/planRollout';
import type { PropertyMap, PropertyValue } from '../../provider/server/resource';
import { assertAsDeclared, copyOf, founded, machine, watchSafety } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import type { WorldState } from '../support/fakeWorld/fakeWorld';
import { offerNewerEngine } from '../support/newerEngine';
import { emptyTranscript, Killed, ProviderProcess, sentences } from '../support/providerHarness';
import type { StepFault } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';

let origin: { readonly world: FakeWorld; readonly stack: Stack };
const engine: PropertyMap = { version: '26.1', upgrade: 'inPlace', hold: true };

before(async () => {
  const world = new FakeWorld();
  const stack = await founded(world, changed(cluster(3, 1), { os: 'debian:13', engine }));
  offerNewerEngine(world);
  await stack.up(new ProviderProcess(world));
  origin = { world, stack };
});

function begin(
  name: string,
  watch: (state: WorldState) => void = () => undefined,
): ReturnType<typeof copyOf> & { readonly faults: ReadonlySet<string> } {
  const safety = watchSafety();
  const copy = copyOf(origin.world, origin.stack, (state) => {
    safety.watch(state);
    watch(state);
  });
  copy.stack.declared = changed(
    copy.stack.declared,
    { engine: { ...engine, version: '28.5' } },
    name,
  );
  return { ...copy, faults: safety.faults };
}

/** The next run, with or without the change that was begun. */
async function resume(
  { world, stack, faults }: ReturnType<typeof begin>,
  what: string,
  isTakenBack: boolean,
): Promise<void> {
  if (isTakenBack) stack.declared = origin.stack.declared;
  const ids = world.swarm().nodes.map(({ id }) => id);
  // One that serves with its newer engine by then is replaced for the older one.
  const stays = !isTakenBack || world.swarm().nodes.some(isOutHeld);
  try {
    await stack.refreshBefore(new ProviderProcess(world));
    if (!isTakenBack) assert.deepEqual(await planReasons(world), [], 'the plan lets it go on');
    await stack.up(new ProviderProcess(world));
    assertAsDeclared(world, stack, { mayHaveDeadLease: true });
    assert.deepEqual(heldNodes(world.swarm().nodes as never), []);
    assert.deepEqual([...faults], [], 'quorum and virtual IP at every moment');
    if (stays) {
      assert.deepEqual(
        world.swarm().nodes.map(({ id }) => id),
        ids,
        'nobody left',
      );
    }
  } catch (error) {
    throw new Error(`after ${what}: ${String(error)}`, { cause: error });
  }
}

/** Why the plan of the next run refuses it; the lab's own program asks before anything else. */
async function planReasons(world: FakeWorld): Promise<readonly PropertyValue[]> {
  const node = (name: string, address: string): PropertyMap => ({
    ...{ name, address, connection: { lab: 'test', machine: name } },
    ...{ os: 'debian:13', engineVersion: '28.5', engineUpgrade: 'inPlace' },
  });
  const args = {
    ...{ maxUnavailable: 1, workers: [node('w1', '10.88.0.21')] },
    managers: [1, 2, 3].map((n) => node(`m${String(n)}`, `10.88.0.1${String(n)}`)),
  };
  const urn = 'urn:pulumi:test::project::swarm:index:Swarm::cluster';
  const answer = await new ProviderProcess(world).call('call', urn, (_resource, operation) =>
    planRollout.call(args, operation),
  );
  assert.ok('result' in answer, JSON.stringify(answer));
  return answer.result['reasons'] as readonly PropertyValue[];
}

async function undisturbed(name: string): Promise<readonly string[]> {
  const { world, stack } = begin(name);
  const transcript = emptyTranscript();
  await stack.up(new ProviderProcess(world, { transcript }));
  return sentences(transcript);
}

const faults: readonly Omit<StepFault, 'step'>[] = [
  { kind: 'kill', at: 'start' },
  { kind: 'kill', at: 'end' },
  { kind: 'lose', at: 'start' },
  { kind: 'fail', at: 'end' },
];

test('a manager whose engine was left stopped, and another one that died: the head of the run makes the majority again', async () => {
  const step = (await undisturbed('m1')).indexOf('stop the engine of m1');
  const { world, stack } = begin('m1');
  const dying = new ProviderProcess(world, { fault: { kind: 'kill', at: 'end', step } });
  await stack.up(dying).catch(() => undefined);
  world.powerOff('test/m2');
  world.advance(60_000);
  const process = new ProviderProcess(world);
  await stack.refreshBefore(process);
  // It asks managers: without a leader it would fail.
  await stack.applySwarm(process);
  assert.equal(machine(world, 'm1').units['docker.service']?.state, 'active');
});

for (const name of ['m1', 'w1']) {
  for (const isTakenBack of [false, true]) {
    const then = isTakenBack ? 'taken back by the next run' : 'resumed by another process';
    for (const { kind, at } of faults) {
      test(`${name} in place: ${kind} at the ${at} of every step, then ${then}`, async () => {
        const wanted = await undisturbed(name);
        for (const step of wanted.keys()) {
          const run = begin(name);
          const dying = new ProviderProcess(run.world, { fault: { kind, at, step } });
          await run.stack.up(dying).catch(() => undefined);
          assert.ok(dying.hasFaulted);
          await resume(run, `${kind} at the ${at} of "${wanted[step] ?? ''}"`, isTakenBack);
        }
      });
    }
  }

  test(`${name} in place: killed after every call that changes something, then resumed`, async () => {
    const whole = begin(name);
    const first = whole.world.calls().length;
    await whole.stack.up(new ProviderProcess(whole.world));
    const calls = whole.world.calls().length - first;
    for (let count = 1; count <= calls; count += 1) {
      const dying: { process?: ProviderProcess } = {};
      const run = begin(name, (state) => {
        if (state.calls.length >= first + count) dying.process?.kill();
      });
      dying.process = new ProviderProcess(run.world);
      const ended = await run.stack.up(dying.process).catch((error: unknown) => error);
      assert.ok(ended instanceof Killed, String(ended));
      const { operation = '', host = '' } = run.world.calls().at(-1) ?? {};
      await resume(
        run,
        `a kill after call ${String(count)}, ${operation} on ${host}`,
        count % 2 === 0,
      );
    }
  });
}
