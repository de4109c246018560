import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import {
  assertAsDeclared,
  changesSince,
  copyOf,
  founded,
  view,
  watchSafety,
} from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { isLive } from '../support/fakeWorld/machines';
import { emptyTranscript, ProviderProcess, sentences } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  origin = { world, stack: await founded(world, cluster(3, 2, await webService())) };
});

const managers = ['m1', 'm2', 'm3'];

function rolling(): {
  readonly world: FakeWorld;
  readonly stack: Stack;
  readonly faults: ReadonlySet<string>;
  /** The fewest members of raft that answered at any moment. */
  readonly fewest: () => number;
} {
  const safety = watchSafety();
  let fewest = Infinity;
  const copy = copyOf(origin.world, origin.stack, (state) => {
    safety.watch(state);
    for (const { members } of Object.values(state.swarms)) {
      fewest = Math.min(fewest, members.filter((id) => isLive(state, id)).length);
    }
  });
  copy.stack.declared = {
    ...changed(copy.stack.declared, { os: 'debian:13' }, ...managers),
    swarm: { roll: { standIn: true } },
  };
  return { ...copy, faults: safety.faults, fewest: () => fewest };
}

test('a worker stands in for each manager that goes, and three members are there at every moment', async () => {
  const { world, stack, faults, fewest } = rolling();
  const transcript = emptyTranscript();
  await stack.up(new ProviderProcess(world, { transcript }), ['m2', 'm3', 'm1', 'w1', 'w2']);
  assertAsDeclared(world, stack);
  assert.deepEqual([...faults], []);
  assert.equal(fewest(), 3);
  const said = sentences(transcript);
  for (const name of managers) {
    const from = said.indexOf(`w1 stands in for ${name}`);
    const drained = said.indexOf(`drain ${name}`);
    const services = said.indexOf(`wait until services are as before ${name} went`);
    const dismissed = said.indexOf(`demote w1, which stood in for ${name}`);
    assert.ok(from !== -1 && from < drained && drained < services && services < dismissed, name);
  }
  assert.ok(!view(world).managers.includes('w1'));
});

test('without a healthy worker the manager is refused, and nothing is touched', async () => {
  const { world, stack } = rolling();
  for (const name of ['w1', 'w2']) world.powerOff(`test/${name}`);
  world.advance(60_000);
  const process = new ProviderProcess(world);
  await stack.applySwarm(process);
  const calls = world.calls().length;
  const before = view(world);
  await assert.rejects(stack.applyNode(process, 'm2'), {
    code: 'NoStandIn',
    message: /^m2: no healthy worker can stand in: w1 is down; w2 is down; nothing was touched/,
  });
  assert.deepEqual(
    changesSince(world, calls).filter((call) => !/keepalived|systemd|files/.test(call)),
    [],
  );
  assert.deepEqual(view(world), before);
});

test('a worker whose port 2377 is closed is not promoted', async () => {
  const { world, stack } = rolling();
  world.editMachine('test/w1', (machine) => {
    machine.blockedPorts = [2377];
  });
  const before = view(world);
  await assert.rejects(stack.up(new ProviderProcess(world), ['m2']), {
    code: 'PortsClosed',
    message: /^w1: 2377\/tcp from m[13] is silent; it was not promoted and m2 was not touched/,
  });
  assert.deepEqual(view(world), before);
});

test('nobody stands in for a manager that is not declared any more', async () => {
  const { world, stack } = rolling();
  const transcript = emptyTranscript();
  stack.declared = {
    ...stack.declared,
    nodes: origin.stack.declared.nodes.filter(({ name }) => name !== 'm2' && name !== 'm3'),
  };
  await stack.up(new ProviderProcess(world, { transcript }));
  assert.ok(!sentences(transcript).some((sentence) => sentence.includes(' stand')));
  assert.deepEqual(view(world).managers, ['m1']);
});
