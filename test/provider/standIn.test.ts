import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { planRollout } from '../../provider/functions/planRollout';
import type { PropertyValue } from '../../provider/server/resource';
import {
  assertAsDeclared,
  changesSince,
  copyOf,
  founded,
  view,
  watchSafety,
} from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import type { Declared } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { isLive } from '../support/fakeWorld/machines';
import { emptyTranscript, Killed, ProviderProcess, sentences } from '../support/providerHarness';
import type { StepFault } from '../support/providerHarness';
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

test('the only manager goes while a worker carries the swarm, whatever the run is interrupted by', async () => {
  const world = new FakeWorld();
  const alone: Declared = {
    ...cluster(1, 2, await webService()),
    vip: undefined,
    standIns: ['w1', 'w2'],
    swarm: { roll: { standIn: true } },
  };
  const stack = await founded(world, alone);
  const whole = await rolled(world, stack, {});
  assert.ok(whole.said.includes('w1 stands in for m1'));
  for (const step of whole.said.keys()) {
    await rolled(world, stack, { fault: { kind: 'kill', at: 'start', step } });
  }
});

/** The only manager is replaced, in as many runs as it takes; the swarm and its services live on. */
async function rolled(
  origin: FakeWorld,
  saved: Stack,
  { fault }: { readonly fault?: StepFault },
): Promise<{ readonly said: readonly string[] }> {
  const { world, stack } = copyOf(origin, saved);
  stack.declared = changed(stack.declared, { os: 'debian:13' }, 'm1');
  const transcript = emptyTranscript();
  const first = new ProviderProcess(world, {
    transcript,
    ...(fault === undefined ? {} : { fault }),
  });
  const ended = await stack.up(first, ['m1']).catch((error: unknown) => error);
  const at = sentences(transcript).at(-1) ?? '';
  if (fault !== undefined) {
    assert.ok(ended instanceof Killed, `${at}: ${String(ended)}`);
    assert.deepEqual(await planOf(world, stack), { swarm: 'live', reasons: [] }, at);
    await stack.up(new ProviderProcess(world), ['m1', 'w1', 'w2']);
  } else {
    assert.equal(ended, undefined);
  }
  try {
    assertAsDeclared(world, stack, { mayHaveDeadLease: fault !== undefined });
  } catch (error) {
    throw new Error(`killed at "${at}": ${String(error)}`, { cause: error });
  }
  return { said: sentences(transcript) };
}

async function planOf(
  world: FakeWorld,
  { declared }: Stack,
): Promise<{ readonly swarm: unknown; readonly reasons: unknown }> {
  const planned = (role: string): PropertyValue =>
    declared.nodes
      .filter((node) => node.role === role)
      .map(({ name, address, os }) => ({
        ...{ name, address, os, connection: { lab: 'test', machine: name } },
      }));
  const urn = 'urn:pulumi:test::project::swarm:index:Swarm::cluster';
  const answer = await new ProviderProcess(world).call('call', urn, (_resource, operation) =>
    planRollout.call(
      {
        ...{ maxUnavailable: 1, standIn: true },
        ...{ managers: planned('manager'), workers: planned('worker') },
      },
      operation,
    ),
  );
  assert.ok('result' in answer, JSON.stringify(answer));
  return { swarm: answer.result['swarm'], reasons: answer.result['reasons'] };
}

test('whom the last run could not reach does not stand in for the only manager', async () => {
  const world = new FakeWorld();
  const stack = await founded(world, { ...cluster(1, 1), vip: undefined });
  stack.declared = {
    ...changed(stack.declared, { os: 'debian:13' }, 'm1'),
    standIns: ['w1'],
    swarm: { roll: { standIn: true } },
  };
  const before = view(world);
  await assert.rejects(stack.up(new ProviderProcess(world), ['m1']), {
    code: 'NoStandIn',
    message: /m1: it is the only manager, and how w1 is reached was not known to the last run/,
  });
  assert.deepEqual(view(world), before);
});
