import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { notePlannedNodes } from '../../provider/operations/ask/plannedNodes';
import type { PropertyMap } from '../../provider/server/resource';
import { pauseReference } from '../contract/pauseImage';
import { assertAsDeclared, copyOf, founded, machine, view } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { loginDigest } from '../support/fakeWorld/fakeImages';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import type { WorldState } from '../support/fakeWorld/fakeWorld';
import {
  emptyTranscript,
  Killed,
  ProviderProcess,
  sentences,
  warnings,
} from '../support/providerHarness';
import { InitErrors } from '../support/savedResource';
import type { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

/** Two services of one image that every engine has from an archive. */
let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  const stack = await founded(world, cluster(3, 1, { vip: undefined, ...(await webService()) }));
  origin = { world, stack };
});

const brought = 'bring the images of services to m3';

interface Rebuilt {
  readonly world: FakeWorld;
  readonly stack: Stack;
  /** Images that tasks were rejected for, at any moment. */
  readonly rejected: ReadonlySet<string>;
}

/** `m3` is declared with another OS, and without the archive that brought the image. */
function begin(
  edit: (state: WorldState) => void = () => undefined,
  node: PropertyMap = {},
): Rebuilt {
  const rejected = new Set<string>();
  const { world, stack } = copyOf(origin.world, origin.stack, ({ swarms }) => {
    const tasks = Object.values(swarms).flatMap((swarm) => swarm.tasks);
    tasks.filter(({ state }) => state === 'rejected').forEach(({ image }) => rejected.add(image));
  });
  world.edit(edit);
  stack.declared = changed(stack.declared, { os: 'debian:13', engine: {}, node }, 'm3');
  return { world, stack, rejected };
}

async function failing(run: Promise<void>): Promise<InitErrors> {
  const error = await run.then(
    () => assert.fail('it was activated'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof InitErrors, String(error));
  return error;
}

function everyImage(state: WorldState, change: (images: string[]) => string[]): void {
  for (const { engine } of Object.values(state.machines)) engine.images = change(engine.images);
}

describe('the images of services, on a node that was rebuilt', () => {
  test('are copied from another node before it is active: no task is ever rejected', async () => {
    const { world, stack, rejected } = begin();
    const calls = world.calls().length;
    const transcript = emptyTranscript();
    await stack.up(new ProviderProcess(world, { transcript }));
    assertAsDeclared(world, stack);
    const said = sentences(transcript);
    assert.ok(said.indexOf(brought) < said.indexOf('set m3 active'));
    assert.deepEqual(machine(world, 'm3').engine.images, [pauseReference]);
    assert.deepEqual([...rejected], []);
    const copied = world
      .calls()
      .slice(calls)
      .filter(({ operation }) => operation === 'docker.loadArchive');
    assert.deepEqual(
      copied.map(({ host }) => host),
      ['test/m3'],
    );
    assert.ok(
      transcript.statuses.some((line) => /^copy \S+ from m[12]: 0\.0 of 0\.0 MB$/.test(line)),
    );
  });

  test('are left alone where they are there already', async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    stack.declared = changed(stack.declared, { os: 'debian:13' }, 'm3');
    const transcript = emptyTranscript();
    await stack.up(new ProviderProcess(world, { transcript }));
    assertAsDeclared(world, stack);
    assert.ok(!sentences(transcript).includes(brought));
  });

  const reference = 'registry.example:5000/web:1';
  /** The swarm's nodes have the image from a registry that asks for a login. */
  const served = (state: WorldState): void => {
    state.registries['registry.example:5000'] = {
      images: [reference],
      login: loginDigest('robot', 'very secret'),
    };
    everyImage(state, (images) => [...images, reference]);
    for (const { engine } of Object.values(state.machines)) engine.pulled = [reference];
    for (const { services, tasks } of Object.values(state.swarms)) {
      for (const service of services) service.spec = { ...service.spec, image: reference };
      tasks.forEach((task) => Object.assign(task, { image: reference }));
    }
  };
  const login = { server: 'registry.example:5000', username: 'robot', password: 'very secret' };

  test('are pulled with the declared login, which is told to nobody', async () => {
    const { world, stack, rejected } = begin(served, { registries: [login] });
    const transcript = emptyTranscript();
    await stack.applyNode(new ProviderProcess(world, { transcript }), 'm3');
    assert.deepEqual(machine(world, 'm3').engine.pulled, [reference]);
    assert.deepEqual([...rejected], []);
    const told = JSON.stringify([transcript, world.edit((state) => state)]);
    assert.ok(!told.includes('very secret'));
  });

  test('are copied when the registry refuses the login', async () => {
    const { world, stack } = begin(served, { registries: [{ ...login, password: 'old' }] });
    await stack.applyNode(new ProviderProcess(world), 'm3');
    const { images, pulled } = machine(world, 'm3').engine;
    assert.deepEqual([images, pulled], [[reference], []]);
  });

  test('that only a worker has are copied from it, when the plan of the run told of it', async () => {
    const only = (state: WorldState): void => {
      for (const [key, { engine }] of Object.entries(state.machines)) {
        if (key !== 'test/w1') engine.images = [];
      }
    };
    const { world, stack } = begin(only);
    const told = new ProviderProcess(world);
    await told.call('call', stack.urnOf('Node', 'm3'), (_, operation) => {
      const { address } = stack.declared.nodes.find(({ name }) => name === 'w1')!;
      const connection = { lab: 'test', machine: 'w1' };
      notePlannedNodes(operation, [{ name: 'w1', address, connection }]);
      return Promise.resolve();
    });
    await stack.applyNode(told, 'm3');
    assert.deepEqual(machine(world, 'm3').engine.images, [pauseReference]);
  });

  test('that nobody has keep it drained, with who was asked; then a node has it again, and up goes on', async () => {
    const { world, stack, rejected } = begin((state) => {
      for (const [key, { engine }] of Object.entries(state.machines)) {
        if (key !== 'test/w1') engine.images = [];
      }
    });
    const error = await failing(stack.applyNode(new ProviderProcess(world), 'm3'));
    assert.match(
      error.message,
      /^m3: image \S+ of services everywhere, web cannot be had: pulled from docker\.io: Get .*no such host; m1, m2 have it not, not asked: w1 \(not declared\); a task of it would be rejected there, so m3 was not activated and stays drained; bring a node back that has it, declare its archive in `engine\.images` or a login in `registries`, then `pulumi up` goes on$/,
    );
    assert.ok(view(world).entries.includes('m3 manager ready drain'));
    const joined = world.swarm().nodes.find(({ hostname }) => hostname === 'm3')?.id;
    await stack.refresh(new ProviderProcess(world), 'Node', 'm3');
    await failing(stack.applyNode(new ProviderProcess(world), 'm3'));
    world.editMachine('test/m1', ({ engine }) => (engine.images = [pauseReference]));
    await stack.applyNode(new ProviderProcess(world), 'm3');
    assert.ok(view(world).entries.includes('m3 manager ready active'));
    assert.equal(world.swarm().nodes.find(({ hostname }) => hostname === 'm3')?.id, joined);
    assert.deepEqual([...rejected], []);
  });

  test('of a service that never ran are told of, and hold nobody up', async () => {
    const { world, stack } = begin();
    const spec = world.swarm().services[0]!.spec;
    await (
      await world.effects().hosts.connect({ lab: 'test', machine: 'm1' })
    ).docker.createService({
      ...spec,
      ...{ name: 'mistyped', image: 'wbe:1', mode: { replicas: 1 }, constraints: [] },
    });
    const transcript = emptyTranscript();
    await stack.applyNode(new ProviderProcess(world, { transcript }), 'm3');
    assert.ok(view(world).entries.includes('m3 manager ready active'));
    assert.match(
      warnings(transcript).join('\n'),
      /^m3: image wbe:1 of service mistyped was not brought: pulled from docker\.io: .*; m1, m2 have it not/,
    );
  });

  test('with a digest that no copy carries: it says so, and stays drained', async () => {
    const pinned = `web:1@sha256:${'a'.repeat(64)}`;
    const { world, stack } = begin((state) => {
      everyImage(state, (images) => [...images, pinned]);
      for (const { services, tasks } of Object.values(state.swarms)) {
        for (const service of services) service.spec = { ...service.spec, image: pinned };
        tasks.forEach((task) => Object.assign(task, { image: pinned }));
      }
    });
    const error = await failing(stack.applyNode(new ProviderProcess(world), 'm3'));
    assert.match(error.message, /copied from m1: it is not there under this name afterwards; /);
    assert.ok(view(world).entries.includes('m3 manager ready drain'));
  });

  test('come again after a kill in the middle of it', async () => {
    const whole = begin();
    const transcript = emptyTranscript();
    await whole.stack.applyNode(new ProviderProcess(whole.world, { transcript }), 'm3');
    const step = sentences(transcript).indexOf(brought);
    for (const at of ['start', 'end'] as const) {
      const { world, stack, rejected } = begin();
      const dying = new ProviderProcess(world, { fault: { kind: 'kill', at, step } });
      await assert.rejects(stack.applyNode(dying, 'm3'), Killed);
      await stack.up(new ProviderProcess(world));
      assertAsDeclared(world, stack, { mayHaveDeadLease: true });
      assert.deepEqual([...rejected], []);
    }
  });
});
