import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { leaseConfigName, readLease, withBaseline } from '../../core/lease';
import {
  assertAsDeclared,
  changesSince,
  copyOf,
  founded,
  vipHolder,
  view,
} from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import type { WorldState } from '../support/fakeWorld/fakeWorld';
import { emptyTranscript, ProviderProcess, sentences } from '../support/providerHarness';
import type { Transcript } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

const timeouts = { gate: 20, drain: 20, demote: 20 };
let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  const declared = cluster(3, 2, { ...(await webService()), node: { timeouts } });
  origin = { world, stack: await founded(world, declared) };
});

interface Attempt {
  readonly world: FakeWorld;
  readonly stack: Stack;
  readonly transcript: Transcript;
  readonly touched: readonly string[];
}

/** The replacement of a node after something happened to the world, which must be refused. */
async function refused(
  name: string,
  happen: (world: FakeWorld) => void,
  expected: { readonly code: string; readonly message: RegExp },
  watch?: (state: WorldState) => void,
): Promise<Attempt> {
  const { world, stack } = copyOf(origin.world, origin.stack, watch);
  happen(world);
  stack.declared = changed(stack.declared, { os: 'debian:13' }, name);
  const transcript = emptyTranscript();
  const calls = world.calls().length;
  await assert.rejects(stack.applyNode(new ProviderProcess(world, { transcript }), name), expected);
  const lease = world.swarm().configs.find((config) => config.name === leaseConfigName);
  assert.equal(readLease(lease?.labels ?? {}).holder, undefined, 'the lease was given back');
  return { world, stack, transcript, touched: changesSince(world, calls) };
}

test('a manager waits at the gate while another one is off, says why, and touches nothing', async () => {
  const { touched, transcript, world } = await refused(
    'm1',
    (world) => {
      world.powerOff('test/m3');
    },
    {
      code: 'TimedOut',
      message: /the gate before manager m1 .*within 300 s.*m3 does not answer.*m3 is unreachable/,
    },
  );
  assert.deepEqual(touched, []);
  assert.deepEqual(sentences(transcript), ['wait at the gate before m1']);
  assert.ok(
    transcript.statuses.some((status) => /shut: .*m3/.test(status)),
    'it says what it waits for',
  );
  assert.equal(vipHolder(world), 'm1');
});

test('a node waits until the services are as before the last one went', async () => {
  const { world } = await refused(
    'w2',
    (world) => {
      world.edit(({ swarms }) => {
        for (const { configs } of Object.values(swarms)) {
          const lease = configs.find(({ name }) => name === leaseConfigName);
          assert.ok(lease !== undefined);
          lease.labels = withBaseline(lease.labels, 'm2', { web: 2 });
        }
      });
      world.edit(({ swarms }) => {
        for (const swarm of Object.values(swarms)) {
          const web = swarm.services.find(({ spec }) => spec.name === 'web');
          swarm.tasks = swarm.tasks.filter(({ serviceId }) => serviceId !== web?.id);
          // Nobody makes the missing tasks again: their image is on no engine.
          if (web !== undefined) web.spec = { ...web.spec, image: 'gone:1' };
        }
      });
    },
    {
      code: 'TimedOut',
      message:
        /the gate before worker w2 .*: shut: services are not as they were before m2 went: service web runs 0 of 2 tasks/,
    },
  );
  assert.ok(view(world).entries.includes('w2 worker ready active'));
});

test('the gate opens as soon as the other manager is back', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.powerOff('test/m3');
  stack.declared = changed(stack.declared, { os: 'debian:13' }, 'm1');
  const run = stack.applyNode(new ProviderProcess(world), 'm1');
  await world.effects().clock.sleep(90_000);
  assert.equal(vipHolder(world), 'm1', 'it still waits');
  world.powerOn('test/m3');
  await run;
  assertAsDeclared(world, stack);
});

test('a worker waits while as many as may be out are out', async () => {
  const { touched } = await refused(
    'w1',
    (world) => {
      world.powerOff('test/w2');
      world.advance(60_000);
    },
    {
      code: 'TimedOut',
      message: /gate before worker w1 .*within 20 s.*worker w2 is down, and 1 may/,
    },
  );
  assert.deepEqual(touched, []);
});

test('a demotion that the leader refuses in silence is seen, and the next run goes on', async () => {
  const { world, stack } = await refused(
    'm2',
    (world) => {
      world.refuseDemotions(1_000);
    },
    {
      code: 'TimedOut',
      message: /the demotion .*within 20 s: m2 is still a member of raft; the leader refuses/,
    },
  );
  assert.deepEqual(view(world).managers, ['m1', 'm2', 'm3'], 'it is still a member');
  world.refuseDemotions(0);
  await stack.up(new ProviderProcess(world));
  assertAsDeclared(world, stack);
});

test('a demotion that the leader has put off is wished again, and does not wait for its next look in 5 s', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.refuseDemotions(1);
  stack.declared = changed(stack.declared, { os: 'debian:13' }, 'm2');
  const before = world.calls().length;
  await stack.up(new ProviderProcess(world), ['m2']);
  assertAsDeclared(world, stack);
  const calls = world.calls().slice(before);
  const left = calls.find(({ operation }) => operation === 'docker.swarmLeave')?.atMs ?? NaN;
  const wishes = calls.filter(({ operation, atMs }) => {
    return operation === 'docker.updateNode' && atMs < left && atMs > left - 5_000;
  });
  assert.ok(wishes.length >= 2, 'its demotion, and once more');
});

test('a drain that never ends gives the availability back and names the tasks', async () => {
  // Containers that do not stop: their stop begins anew at every moment.
  const hang = (state: WorldState): void => {
    for (const task of Object.values(state.swarms).flatMap(({ tasks }) => tasks)) {
      if (task.error === 'stopping') task.sinceMs = state.nowMs;
    }
  };
  const { world, touched } = await refused(
    'w1',
    () => undefined,
    {
      code: 'TimedOut',
      message:
        /the drain .*within 20 s: .*tasks? still there: .*everywhere \(running\); w1 is active again .*`timeouts\.drain`/,
    },
    hang,
  );
  assert.deepEqual(
    touched.map((call) => call.replace(/ .*/, '')),
    ['docker.updateNode', 'docker.updateNode'],
  );
  assert.ok(view(world).entries.includes('w1 worker ready active'));
});

test('a drain whose replicas find no other place says which service waits', async () => {
  const { world } = await refused(
    'w1',
    (world) => {
      world.edit(({ swarms }) => {
        for (const service of Object.values(swarms).flatMap(({ services }) => services)) {
          if (service.spec.name !== 'web') continue;
          service.spec = { ...service.spec, constraints: ['node.hostname == w1'] };
        }
      });
      world.advance(30_000);
    },
    {
      code: 'TimedOut',
      message: /the drain .*: service web runs 0 of 2 tasks elsewhere \(no suitable node/,
    },
  );
  assert.ok(view(world).entries.includes('w1 worker ready active'));
});

test('local data is refused by name before the drain, and goes through once it may be discarded', async () => {
  const { world, stack, touched } = await refused(
    'w1',
    (world) => {
      world.editMachine('test/w1', ({ engine }) => {
        engine.volumes = { database: 12, empty: 0 };
        engine.containers = ['by-hand'];
      });
    },
    {
      code: 'LocalData',
      message: /w1: it holds volume database, container by-hand, .*onLocalData: discard/,
    },
  );
  assert.deepEqual(touched, []);
  const os = { os: 'debian:12' };
  stack.declared = changed(
    stack.declared,
    { ...os, node: { timeouts, onLocalData: 'discard' } },
    'w1',
  );
  await stack.up(new ProviderProcess(world));
  stack.declared = changed(stack.declared, { os: 'debian:13' }, 'w1');
  await stack.up(new ProviderProcess(world));
  assertAsDeclared(world, stack);
});

test('the only manager is not taken out in a roll', async () => {
  const world = new FakeWorld();
  const stack = await founded(world, cluster(1, 1, { vip: undefined }));
  stack.declared = changed(stack.declared, { os: 'debian:13' }, 'm1');
  const calls = world.calls().length;
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm1'), {
    code: 'LastManager',
    message:
      /m1: it is the only manager, .*nothing was touched; declare at least two more managers/,
  });
  assert.deepEqual(changesSince(world, calls), []);
});
