import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { changesSince, copyOf, founded } from '../support/clusterState';
import { cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { emptyTranscript, ProviderProcess, resourceOf } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

const login = { server: 'docker.io', username: 'ci', password: 'hunter2' };
const others = { server: 'reg.example', username: 'others', password: 'hunter4' };
const service = resourceOf('swarm:index:Service');

let origin: { readonly world: FakeWorld; readonly stack: Stack };
const transcript = emptyTranscript();

const withLogins = (stack: Stack, registries: readonly (typeof login)[]): void => {
  const [web] = stack.declared.services ?? [];
  stack.declared = { ...stack.declared, services: [{ ...web, registries }] };
};
const sentBy = (world: FakeWorld): string | undefined =>
  world.swarm().services.find(({ spec }) => spec.name === 'web')?.loginUser;

before(async () => {
  const world = new FakeWorld();
  const { engine, services } = await webService();
  const [, web] = services;
  const declared = cluster(3, 0, { engine, services: [{ ...web, registries: [others, login] }] });
  origin = { world, stack: await founded(world, declared, transcript) };
});

describe('the login of a service’s registry', () => {
  test('goes with its Create, and is said to nobody', () => {
    assert.equal(sentBy(origin.world), 'ci');
    const { outputs } = origin.stack.get('Service', 'web');
    assert.ok(!/hunter/.test(JSON.stringify([transcript, outputs])));
  });

  test('goes with an Update, as the only change too, and replaces no task', async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    const tasks = (): readonly string[] => world.swarm().tasks.map(({ id }) => id);
    const [before, calls] = [tasks(), world.calls().length];
    const said = emptyTranscript();
    withLogins(stack, [{ ...login, username: 'other', password: 'hunter3' }, others]);
    await stack.up(new ProviderProcess(world, { transcript: said }));
    assert.equal(sentBy(world), 'other');
    assert.deepEqual(changesSince(world, calls).filter((call) => /Service/.test(call)).length, 1);
    assert.deepEqual(tasks(), before);
    assert.ok(!/hunter/.test(JSON.stringify([said, stack.get('Service', 'web').outputs])));
  });

  test('is no change when it is of another registry, goes, or stays', () => {
    const { inputs, outputs } = origin.stack.get('Service', 'web');
    const changes = (registries: readonly (typeof login)[]): object =>
      service.diff({ inputs, state: outputs }, { ...inputs, registries: [...registries] }).changes;
    assert.deepEqual(changes([login, { ...others, password: 'hunter5' }]), {});
    assert.deepEqual(changes([others]), {});
    assert.deepEqual(changes([]), {});
    assert.deepEqual(changes([{ ...login, password: 'hunter5' }]), { registries: 'update' });
  });

  test('goes with what a service was made without', () => {
    const { inputs, outputs } = origin.stack.get('Service', 'web');
    const { registries, ...without } = inputs;
    const { changes } = service.diff({ inputs: without, state: outputs }, inputs);
    assert.deepEqual([registries === undefined, changes], [false, { registries: 'update' }]);
  });

  test('is taken out of what an engine says of it', async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    const { inputs } = stack.get('Service', 'web');
    const image = 'docker.io/hunter2/web:1';
    world.edit(({ failingImages }) => {
      failingImages[image] = 'no basic auth for ci:hunter2';
    });
    await assert.rejects(
      stack.create(new ProviderProcess(world), 'Service', 'other', {
        ...inputs,
        ...{ name: 'other', image, timeouts: { converge: 5 } },
      }),
      (error: Error) => !/hunter2/.test(error.message),
    );
  });
});
