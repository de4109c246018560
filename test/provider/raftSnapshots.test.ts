import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { snapshotIntervalLabel } from '../../core/raftSnapshots';
import { steps } from '../../core/steps';
import { assertAsDeclared, copyOf, founded, watchSafety } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { emptyTranscript, ProviderProcess, sentences } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

/** A swarm that lives for long: debian:12 with 20.10.24, and new members need its last snapshot. */
before(async () => {
  const world = new FakeWorld();
  const stack = await founded(world, cluster(3, 1, await webService()));
  world.edit(({ swarms }) => {
    for (const swarm of Object.values(swarms)) swarm.isLogCompacted = true;
  });
  origin = { world, stack };
});

function rolling(
  ...names: readonly string[]
): ReturnType<typeof copyOf> & { readonly faults: ReadonlySet<string> } {
  const safety = watchSafety();
  const copy = copyOf(origin.world, origin.stack, safety.watch);
  copy.stack.declared = changed(copy.stack.declared, { os: 'debian:13' }, ...names);
  return { ...copy, faults: safety.faults };
}

test('new managers get the log of an old leader whose log was cut, and the quorum holds at every moment', async () => {
  const { world, stack, faults } = rolling('m1', 'm2', 'm3');
  const transcript = emptyTranscript();
  await stack.up(new ProviderProcess(world, { transcript }), ['m2', 'm3', 'm1']);
  assertAsDeclared(world, stack);
  assert.deepEqual([...faults], []);
  assert.equal(world.swarm().labels[snapshotIntervalLabel], '');
  const said = sentences(transcript);
  const joined = said.indexOf(steps.join('m2', 'manager'));
  assert.ok(said.indexOf(steps.snapshots('m2')) < joined);
  assert.ok(said.indexOf(steps.snapshotsAsBefore('m2')) > joined);
});

test('a worker that stands in for a manager gets the log as well', async () => {
  const { world, stack, faults } = rolling('w1');
  await stack.up(new ProviderProcess(world), ['w1']);
  stack.declared = {
    ...changed(stack.declared, { os: 'debian:13' }, 'm1', 'm2', 'm3'),
    swarm: { roll: { standIn: true } },
  };
  await stack.up(new ProviderProcess(world), ['m2', 'm3', 'm1']);
  assertAsDeclared(world, stack);
  assert.deepEqual([...faults], []);
});

test('a member that somebody left behind before is brought up to date before the next one goes', async () => {
  const { world, stack } = rolling('m2');
  await stack.up(new ProviderProcess(world), ['m2']);
  world.editMachine('test/m2', ({ engine }) => {
    assert.ok(engine.membership !== undefined);
    engine.membership.isBehind = true;
  });
  const safety = watchSafety();
  const copy = copyOf(world, stack, safety.watch);
  copy.stack.declared = changed(copy.stack.declared, { os: 'debian:13' }, 'm3');
  const transcript = emptyTranscript();
  await copy.stack.up(new ProviderProcess(copy.world, { transcript }), ['m3']);
  assertAsDeclared(copy.world, copy.stack);
  assert.deepEqual([...safety.faults], []);
  const said = sentences(transcript);
  const caughtUp = said.indexOf(steps.snapshots('m2'));
  assert.ok(caughtUp !== -1 && caughtUp < said.indexOf(steps.drain('m3')));
});
