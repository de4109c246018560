import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { notePlannedNodes } from '../../provider/operations/ask/plannedNodes';
import { unknown, type PropertyMap } from '../../provider/server/resource';
import { copyOf, founded } from '../support/clusterState';
import { cluster } from '../support/declaredCluster';
import { loginDigest } from '../support/fakeWorld/fakeImages';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import type { ProviderProcess } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';
import { StackRun, stackUrn } from '../support/stackRun';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  const stack = await founded(world, cluster(1, 2));
  world.edit((state) => {
    for (const { engine } of Object.values(state.machines)) engine.images.push('api:1');
  });
  origin = { world, stack };
});

function fresh(): StackRun {
  const { world, stack } = copyOf(origin.world, origin.stack);
  return new StackRun(world, stack);
}

function wanted(run: StackRun, text: string, more: PropertyMap = {}): PropertyMap {
  return run.wanted(text, { secrets: {}, configs: {}, ...more });
}

function preview(
  process: ProviderProcess,
  urn: string,
  inputs: PropertyMap,
): Promise<readonly string[]> {
  return process.call('create', urn, async (resource, operation) => [
    ...((await resource.previewCreate?.(inputs, operation)) ?? []),
  ]);
}

const otherUrn = stackUrn.replace(/numbers$/, 'second');
const publishing = (port: string): string =>
  `services: { api: { image: "api:1", ports: [${port}] } }`;

describe('two stacks that are both new', () => {
  test('one port of the mesh: the second preview refuses it, and its up, before it touches anything', async () => {
    const run = fresh();
    const process = run.process();
    await preview(process, stackUrn, wanted(run, publishing('"8088:80"')));
    const second = wanted(run, publishing('"8088:80"'), { name: 'second' });
    const refused = {
      code: 'StackImpossible',
      message:
        /nothing of it was touched: services\.api publishes 8088\/tcp by the routing mesh, as the service numbers_api does, which is declared beside it/,
    };
    await assert.rejects(preview(process, otherUrn, second), refused);
    await assert.rejects(
      process.call('create', otherUrn, (resource, operation) => resource.create(second, operation)),
      refused,
    );
    assert.deepEqual(run.world.swarm().services, []);
    await preview(process, otherUrn, wanted(run, publishing('"8089:80"'), { name: 'second' }));
  });

  test('before there is a swarm too; ports of the nodes by the nodes that are declared', async () => {
    const run = fresh();
    const process = run.process();
    const nodes = [{ name: 'w1', role: 'worker' }];
    const more: PropertyMap = { nodes, clusterId: unknown };
    const text = publishing('{ target: 80, published: 8088, mode: host }');
    await preview(process, stackUrn, wanted(run, text, more));
    await assert.rejects(
      preview(process, otherUrn, wanted(run, text, { ...more, name: 'second' })),
      /services second_api and numbers_api want the port 8088\/tcp of a node for 2 tasks, and may run on 1 node/,
    );
  });
});

describe('images', () => {
  const text = (image: string, constraint = 'node.role == manager'): string =>
    `services: { api: { image: "${image}", deploy: { placement: { constraints: ["${constraint}"] } } } }`;
  const doubts = async (run: StackRun, inputs: PropertyMap): Promise<string> =>
    (await run.previewCreate(inputs)).filter((line) => line.includes('wants the image')).join();
  const serve = (run: StackRun, images: string[], login?: string): void => {
    run.world.edit(({ registries }) => {
      registries['reg.example'] = { images, login };
    });
  };

  test('one that no node and no registry has is refused, in preview and before up touches anything', async () => {
    const run = fresh();
    serve(run, []);
    const inputs = wanted(run, text('reg.example/gone:1'));
    const refused = {
      code: 'StackImpossible',
      message:
        /services\.api wants the image reg\.example\/gone:1, which none of its nodes \(m1\) has, nor its registry \(manifest unknown/,
    };
    await assert.rejects(run.previewCreate(inputs), refused);
    await assert.rejects(run.up(inputs), refused);
    assert.deepEqual(run.world.swarm().services, []);
  });

  test('what is not certain is a doubt: a registry that does not answer, or nodes that were not seen', async () => {
    const run = fresh();
    const [silent, anywhere] = [text('reg.example/gone:1'), 'node.labels.x != y'];
    assert.match(
      await doubts(run, wanted(run, silent)),
      /which m1 does not have, and whether its registry has it is not known \(.*no such host\): tasks may be rejected there/,
    );
    serve(run, []);
    assert.match(
      await doubts(run, wanted(run, text('reg.example/gone:1', anywhere))),
      /which m1 does not have, and its registry has none/,
    );
    // With every node in reach it is certain again.
    const process = run.process();
    await process.call('create', stackUrn, (_, operation) => {
      notePlannedNodes(operation, run.nodes());
      return Promise.resolve();
    });
    await assert.rejects(
      preview(process, stackUrn, wanted(run, text('reg.example/gone:1', anywhere))),
      /none of its nodes \(m1, w1, w2\) has/,
    );
  });

  test('nothing is said of what the nodes have, a registry has by its login, or an archive brings', async () => {
    const run = fresh();
    assert.equal(await doubts(run, wanted(run, text('api:1'))), '');
    const archive = { images: ['docker.io/library/gone:1'] };
    assert.equal(await doubts(run, wanted(run, text('gone:1'), archive)), '');
    serve(run, ['reg.example/there:1'], loginDigest('u', 'p-hush'));
    const login = { server: 'reg.example', username: 'u', password: 'p-hush' };
    const there = text('reg.example/there:1');
    assert.equal(await doubts(run, wanted(run, there, { registries: [login] })), '');
    assert.match(await doubts(run, wanted(run, there)), /is not known \(.*no basic auth/);
  });
});
