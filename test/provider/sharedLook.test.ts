import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { shown } from '../../provider/resources/properties';
import type { Effects, Host } from '../../effects/effects';
import { copyOf, founded } from '../support/clusterState';
import { cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import type { Stack } from '../support/providerStack';
import { ProviderProcess } from '../support/providerHarness';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  origin = { world, stack: await founded(world, cluster(3, 3)) };
});

const names = ['m1', 'm2', 'm3', 'w1', 'w2', 'w3'];

/** The world, with the requests to engines by their names. */
function listening(world: FakeWorld): {
  readonly asked: string[];
  readonly effects: () => Effects;
} {
  const asked: string[] = [];
  const heard = (host: Host): Host => ({
    ...host,
    docker: new Proxy(host.docker, {
      get: (docker, key) => {
        asked.push(String(key));
        return Reflect.get(docker, key) as unknown;
      },
    }),
  });
  return {
    asked,
    effects: () => {
      const effects = world.effects();
      const { hosts } = effects;
      return {
        ...effects,
        hosts: {
          connect: async (...args) => heard(await hosts.connect(...args)),
          close: () => hosts.close(),
        },
      };
    },
  };
}

const lists = (asked: readonly string[]): readonly string[] =>
  asked.filter((name) => ['node', 'nodes', 'configs'].includes(name));

test('Reads of one time ask the swarm once for all nodes', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const { asked, effects } = listening(world);
  const process = new ProviderProcess({ effects });
  const seen = await Promise.all(names.map((name) => stack.refresh(process, 'Node', name)));
  assert.deepEqual(
    seen,
    names.map((name) => stack.get('Node', name)),
  );
  assert.deepEqual(lists(asked), ['nodes', 'configs']);
});

test('a look serves for two seconds', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const { asked, effects } = listening(world);
  const process = new ProviderProcess({ effects });
  await stack.refresh(process, 'Node', 'w1');
  world.advance(2_000);
  world.edit(({ swarms }) => {
    for (const node of Object.values(swarms).flatMap(({ nodes }) => nodes)) {
      if (node.hostname === 'w2') node.availability = 'pause';
    }
  });
  const found = await stack.refresh(process, 'Node', 'w2');
  assert.equal(found?.inputs['availability'], 'pause');
  assert.deepEqual(lists(asked), ['nodes', 'configs', 'nodes', 'configs']);
});

test('what a look does not list is asked for itself, before it counts as gone', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const { asked, effects } = listening(world);
  const process = new ProviderProcess({ effects });
  const hide = (id: string, other: string): void => {
    world.edit(({ swarms }) => {
      for (const swarm of Object.values(swarms)) {
        swarm.nodes = swarm.nodes.map((node) => (node.id === id ? { ...node, id: other } : node));
      }
    });
  };
  const id = shown(stack.get('Node', 'w2').outputs['nodeId']);
  hide(id, 'elsewhere');
  await stack.refresh(process, 'Node', 'w1');
  hide('elsewhere', id);
  assert.deepEqual(await stack.refresh(process, 'Node', 'w2'), stack.get('Node', 'w2'));
  assert.deepEqual(lists(asked), ['nodes', 'configs', 'node', 'configs']);
});

test('a process that has changed something looks afresh at each node', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const { asked, effects } = listening(world);
  const process = new ProviderProcess({ effects });
  await stack.refresh(process, 'Node', 'w1');
  await process.call('update', stack.get('Node', 'w1').urn, () => Promise.resolve());
  asked.length = 0;
  await stack.refresh(process, 'Node', 'w2');
  assert.deepEqual(lists(asked), ['node', 'configs']);
});
