import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { serviceLabel, serviceOfLabel } from '../../core/labels';
import { urnIdentity } from '../../core/urn';
import type { PropertyMap } from '../../provider/server/resource';
import { changesSince, copyOf, founded } from '../support/clusterState';
import { cluster, contactsOf, plain, swarmInputs } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { ProviderProcess } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  origin = { world, stack: await founded(world, cluster(3, 1, await webService())) };
});

const swarmUrn = (name: string): string =>
  `urn:pulumi:test::project::swarm:index:SwarmCluster$swarm:index:Swarm::${name}`;

describe('a Delete while a program declares a swarm', () => {
  const contacts = contactsOf(cluster(3, 1));
  const other = contacts.map((contact) => ({ ...contact, name: `other-${contact.name}` }));
  const moved = contacts.map((contact) => ({ ...contact, address: `${contact.address}0` }));

  for (const [what, wanted] of [
    ['another one at the same addresses', { managers: plain(other) }],
    ['another one with the same names', { managers: plain(moved) }],
    ['one whose managers are no list', { managers: 'm1' }],
    ['one whose managers are no contacts', { managers: [null, 'm1', {}] }],
  ] as const satisfies readonly (readonly [string, PropertyMap])[]) {
    for (const [kind, name] of [
      ['VipMember', 'm1'],
      ['Node', 'w1'],
      ['Swarm', 'cluster'],
    ] as const) {
      test(`${what}: the Delete of ${kind} ${name} needs consent`, async () => {
        const { world, stack } = copyOf(origin.world, origin.stack);
        const process = new ProviderProcess(world);
        process.check(swarmUrn('other'), { ...swarmInputs(stack.declared), ...wanted });
        const calls = world.calls().length;
        await assert.rejects(stack.callDelete(process, kind, name), {
          code: 'DestroyNotAllowed',
        });
        assert.deepEqual(changesSince(world, calls), []);
      });
    }
  }

  const renamed = other.map(({ name }) => [name, name.replace('other-', '')]);
  for (const [what, wanted] of [
    ['this one', {}],
    ['this one with one manager left', { managers: plain([...other.slice(1), contacts[0]]) }],
    [
      'this one with every manager renamed',
      {
        managers: plain(other),
        declared: { managers: [], workers: [], renamed: plain(Object.fromEntries(renamed)) },
      },
    ],
  ] as const satisfies readonly (readonly [string, PropertyMap])[]) {
    test(`${what}: a removed node goes without consent`, async () => {
      const { world, stack } = copyOf(origin.world, origin.stack);
      const process = new ProviderProcess(world);
      process.check(swarmUrn('other'), { ...swarmInputs(stack.declared), managers: plain(moved) });
      process.check(swarmUrn('cluster'), { ...swarmInputs(stack.declared), ...wanted });
      await stack.callDelete(process, 'Node', 'w1');
      assert.ok(!world.swarm().nodes.some(({ hostname }) => hostname === 'w1'));
    });
  }
});

describe('a Create of a service whose name is taken', () => {
  /** What Create makes of the service `web` once its labels are these. */
  const createOver = async (
    change: (labels: Record<string, string>) => void,
  ): Promise<{
    readonly world: FakeWorld;
    readonly calls: number;
    readonly done: Promise<void>;
  }> => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    world.edit(({ swarms }) => {
      for (const { spec } of Object.values(swarms).flatMap(({ services }) => services)) {
        if (spec.name === 'web') change(spec.labels);
      }
    });
    const calls = world.calls().length;
    const { inputs } = stack.get('Service', 'web');
    const done = stack.create(new ProviderProcess(world), 'Service', 'web', inputs);
    await done.catch(() => undefined);
    return { world, calls, done };
  };

  const refused = async (
    change: (labels: Record<string, string>) => void,
    message: RegExp,
  ): Promise<void> => {
    const { world, calls, done } = await createOver(change);
    await assert.rejects(done, { code: 'ServiceExists', message });
    assert.deepEqual(changesSince(world, calls), []);
  };

  test('its own, of an interrupted Create, is taken over', async () => {
    const { world, calls, done } = await createOver(() => undefined);
    await done;
    assert.ok(changesSince(world, calls).some((call) => /updateService/.test(call)));
  });

  test('its own is its own under another parent too', async () => {
    const { urn } = origin.stack.get('Service', 'web');
    const elsewhere = urn.replace('SwarmCluster$', 'Other$swarm:index:SwarmCluster$');
    assert.notEqual(elsewhere, urn);
    const { done } = await createOver((labels) => {
      labels[serviceOfLabel] = urnIdentity(elsewhere);
    });
    await done;
  });

  test('that of another stack is refused by its name', () => {
    const { urn } = origin.stack.get('Service', 'web');
    const foreign = urnIdentity(urn.replace('urn:pulumi:test', 'urn:pulumi:other'));
    return refused((labels) => {
      labels[serviceOfLabel] = foreign;
    }, /belongs to another resource, urn\|pulumi\|other\|project\|swarm:index:Service\|web; nothing was touched; rename/);
  });

  test('that of an older version is refused with the way out', () =>
    refused((labels) => {
      Reflect.deleteProperty(labels, serviceOfLabel);
    }, /older version.*nothing was touched; .*rename.*`docker service rm web`, then `pulumi up`/));

  test('a stranger is refused', () =>
    refused((labels) => {
      Reflect.deleteProperty(labels, serviceLabel);
      Reflect.deleteProperty(labels, serviceOfLabel);
    }, /not managed here; nothing was touched/));

  test('an Update labels what an older version made', async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    const service = (): { readonly labels: Readonly<Record<string, string>> } | undefined =>
      world.swarm().services.find(({ spec }) => spec.name === 'web')?.spec;
    world.edit(({ swarms }) => {
      for (const { spec } of Object.values(swarms).flatMap(({ services }) => services)) {
        Reflect.deleteProperty(spec.labels, serviceOfLabel);
      }
    });
    stack.declared = {
      ...stack.declared,
      services: (stack.declared.services ?? []).map((each) => ({ ...each, labels: { a: 'b' } })),
    };
    await stack.up(new ProviderProcess(world));
    assert.equal(service()?.labels[serviceOfLabel], urnIdentity(stack.get('Service', 'web').urn));
  });
});
