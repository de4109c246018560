import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { PropertyMap } from '../../provider/server/resource';
import { assertAsDeclared, copyOf, founded, watchSafety } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { offerNewerEngine } from '../support/newerEngine';
import { ProviderProcess, emptyTranscript, sentences } from '../support/providerHarness';
import type { StepFault } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';

let origin: { readonly world: FakeWorld; readonly stack: Stack };
const inPlace: PropertyMap = { version: '26.1', upgrade: 'inPlace', hold: true };
const newer = { engine: { ...inPlace, version: '28.5' } };

before(async () => {
  const world = new FakeWorld();
  const stack = await founded(world, changed(cluster(3, 1), { os: 'debian:13', engine: inPlace }));
  offerNewerEngine(world);
  await stack.up(new ProviderProcess(world));
  origin = { world, stack };
});

/** Nodes that a change reaches, and the digest that the component gives it. */
function declare(
  stack: Stack,
  canary: string,
  change: Parameters<typeof changed>[1],
  ...names: readonly string[]
): void {
  stack.declared = {
    ...changed(stack.declared, change, ...names),
    swarm: { roll: { canary } },
  };
}

async function up(
  { world, stack }: { readonly world: FakeWorld; readonly stack: Stack },
  fault?: StepFault,
): Promise<readonly string[]> {
  const transcript = emptyTranscript();
  await stack.refreshBefore(new ProviderProcess(world));
  await stack.up(
    new ProviderProcess(world, { transcript, ...(fault === undefined ? {} : { fault }) }),
  );
  return sentences(transcript);
}

/** Names of the nodes whose engine or machine is as declared by now. */
function done({ world, stack }: { world: FakeWorld; stack: Stack }): readonly string[] {
  return stack.declared.nodes
    .filter(({ name, os, engine }) => {
      const machine = world.machine(`test/${name}`);
      const version = engine?.['version'];
      return (
        machine.os === os &&
        (machine.engine.runningVersion ?? '').startsWith(typeof version === 'string' ? version : '')
      );
    })
    .map(({ name }) => name);
}

const paused = (node: string, canary: string): { code: string; message: RegExp } => ({
  code: 'PausedAfterCanary',
  message: new RegExp(
    `^${node}: ${canary} has gone first and is back, .*nothing of ${node} was touched`,
  ),
});

test('the roll pauses behind its first node, once for a change, and again for another', async () => {
  const { watch, faults } = watchSafety();
  const run = copyOf(origin.world, origin.stack, watch);
  const back = { os: 'debian:12', engine: { version: '20.10', upgrade: 'replace' } };
  declare(run.stack, 'c1', back, 'm1', 'm2', 'w1');
  const id = run.world.swarm().nodes.find(({ hostname }) => hostname === 'm2')?.id;
  await assert.rejects(up(run), paused('m2', 'm1'));
  assert.equal(run.world.swarm().nodes.find(({ hostname }) => hostname === 'm2')?.id, id);
  assert.deepEqual(done(run), ['m1', 'm3']);
  await up(run);
  assertAsDeclared(run.world, run.stack);
  await up(run);
  declare(run.stack, 'c2', { os: 'debian:13', engine: {} }, 'm1', 'm2');
  await assert.rejects(up(run), paused('m2', 'm1'));
  await up(run);
  assertAsDeclared(run.world, run.stack);
  assert.deepEqual([...faults], []);
});

test('managers in place: behind the first, which stays held; the next run ends the hold of all', async () => {
  const run = copyOf(origin.world, origin.stack);
  declare(run.stack, 'c1', newer);
  await assert.rejects(up(run), paused('m2', 'm1'));
  const first = run.world.swarm().nodes.find(({ hostname }) => hostname === 'm1');
  assert.equal(first?.availability, 'drain');
  assert.deepEqual(done(run), ['m1']);
  await up(run);
  assertAsDeclared(run.world, run.stack);
});

test('killed at every step of the canary: the roll never goes past it in the run that brings it back', async () => {
  const begin = (): ReturnType<typeof copyOf> => {
    const run = copyOf(origin.world, origin.stack);
    declare(run.stack, 'c1', newer, 'm1', 'w1');
    return run;
  };
  const whole = begin();
  const transcript = emptyTranscript();
  const first = new ProviderProcess(whole.world, { transcript });
  await assert.rejects(whole.stack.up(first), { code: 'PausedAfterCanary' });
  const steps = sentences(transcript);
  for (const step of steps.keys()) {
    const run = begin();
    const what = `killed behind "${steps[step] ?? ''}"`;
    const dying = { kind: 'kill', at: 'end', step } as const;
    await up(run, dying).catch(() => undefined);
    let pauses = 0;
    for (let runs = 0; runs < 3; runs += 1) {
      const isDone = done(run).includes('m1');
      await up(run).catch((error: unknown) => {
        assert.equal(
          (error as { code?: string }).code,
          'PausedAfterCanary',
          `${what}: ${String(error)}`,
        );
        pauses += 1;
      });
      if (!isDone && runs === 0) assert.equal(pauses, 1, `${what}: no pause behind m1`);
    }
    assert.ok(pauses <= 1, what);
    assertAsDeclared(run.world, run.stack, { mayHaveDeadLease: true });
  }
});
