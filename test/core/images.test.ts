import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ServiceFacts } from '../../core/facts';
import {
  imageWays,
  isRegistryServer,
  loginAddress,
  loginFor,
  neededImages,
  registryOf,
  splitReference,
} from '../../core/images';
import { taskOn, workerNode } from './support/swarmFacts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('references of images', () => {
  const rows: readonly (readonly [string, string, string, string])[] = [
    ['web', 'docker.io', 'web', 'latest'],
    ['web:1', 'docker.io', 'web', '1'],
    ['acme/web:1', 'docker.io', 'acme/web', '1'],
    ['localhost/web', 'localhost', 'localhost/web', 'latest'],
    [
      'registry.example:5000/a/web',
      'registry.example:5000',
      'registry.example:5000/a/web',
      'latest',
    ],
    ['Registry.example/web:1.2-x', 'registry.example', 'Registry.example/web', '1.2-x'],
    ['index.docker.io/acme/web:1', 'docker.io', 'index.docker.io/acme/web', '1'],
    [`web:1@${digest}`, 'docker.io', 'web', digest],
    ['web@', 'docker.io', 'web', 'latest'],
    [`r.example:5000/web@${digest}`, 'r.example:5000', 'r.example:5000/web', digest],
  ];
  for (const [reference, registry, name, tag] of rows) {
    test(reference, () => {
      assert.equal(registryOf(reference), registry);
      assert.deepEqual(splitReference(reference), { name, tag });
    });
  }

  test('no text makes them throw, and none has an empty tag', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        registryOf(text);
        assert.notEqual(splitReference(text).tag, '');
      }),
    );
  });

  test('a login is found by its server, Docker Hub by each of its names', () => {
    const logins = [
      { server: 'index.docker.io', username: 'hub', password: 'x' },
      { server: 'R.example:5000', username: 'own', password: 'y' },
    ];
    assert.equal(loginFor('web:1', logins)?.username, 'hub');
    assert.equal(loginFor('r.example:5000/web', logins)?.username, 'own');
    assert.equal(loginFor('r.example/web', logins), undefined);
    assert.deepEqual(logins.map(loginAddress), ['https://index.docker.io/v1/', 'R.example:5000']);
  });

  test('what a registry may be called', () => {
    for (const good of ['docker.io', 'r', 'r.example:5000', '10.0.0.1:5000', '[fd00::1]:5000']) {
      assert.ok(isRegistryServer(good), good);
    }
    for (const bad of ['', 'https://r.example', 'r.example/x', 'r.example:', 'a b', '-r', 'u@r']) {
      assert.ok(!isRegistryServer(bad), bad);
    }
  });
});

describe('the images that a node needs', () => {
  const w1 = workerNode('w1');
  const w2 = workerNode('w2');
  const service = (name: string, more: Partial<ServiceFacts> = {}): ServiceFacts => ({
    ...{ id: `id-${name}`, version: 1, name, mode: 'replicated', replicas: 1 },
    ...{ image: `${name}:1`, labels: {}, constraints: [] },
    ...more,
  });
  const needed = (
    services: readonly ServiceFacts[],
    runs: readonly string[] = [],
    baseline: Readonly<Record<string, number>> = {},
  ): readonly (readonly [string, boolean])[] =>
    neededImages(
      w1,
      services,
      runs.map((name) => taskOn(w2, name)),
      [w1, w2],
      baseline,
    ).map(({ reference, isMissed }) => [reference, isMissed]);

  test('are those of services that may run there, and missed where the service runs or ran', () => {
    const services = [
      service('runs'),
      service('ran'),
      service('never'),
      service('everywhere', { mode: 'global', replicas: undefined }),
      service('none', { replicas: 0 }),
      service('elsewhere', { constraints: ['node.role == manager'] }),
      service('perhaps', { constraints: ['node.platform.os == linux'] }),
      service('plugin', { image: '' }),
    ];
    assert.deepEqual(needed(services, ['runs', 'everywhere'], { ran: 1 }), [
      ['runs:1', true],
      ['ran:1', true],
      ['never:1', false],
      ['everywhere:1', true],
      ['perhaps:1', false],
    ]);
  });

  test('two services of one image need it once, and it is missed when one of them runs', () => {
    const twins = [service('a', { image: 'x:1' }), service('b', { image: 'x:1' })];
    const [only, ...others] = neededImages(w1, twins, [taskOn(w2, 'b')], [w1, w2], {});
    assert.deepEqual(others, []);
    assert.deepEqual(only, { reference: 'x:1', services: ['a', 'b'], isMissed: true });
  });

  test('a service with the name of a property of every object is a service like any other', () => {
    assert.deepEqual(needed([service('constructor')]), [['constructor:1', false]]);
  });
});

test('what came from no registry is not asked for at one first', () => {
  assert.deepEqual(imageWays({ isFromRegistry: false }), ['copy', 'pull']);
  assert.deepEqual(imageWays({ isFromRegistry: true }), ['pull', 'copy']);
  assert.deepEqual(imageWays(undefined), ['pull']);
});
