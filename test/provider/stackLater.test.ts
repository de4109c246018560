import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { stackOfLabel } from '../../core/labels';
import type { StackServiceBody } from '../../core/stack/serviceBody';
import type { PropertyMap } from '../../provider/server/resource';
import { copyOf, founded } from '../support/clusterState';
import { cluster } from '../support/declaredCluster';
import { richCompose } from '../support/compose/richService';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import type { ServiceEntry } from '../support/fakeWorld/state';
import { resourceOf } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';
import { InitErrors } from '../support/savedResource';
import { StackRun, stackUrn } from '../support/stackRun';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  const stack = await founded(world, cluster(1, 2));
  world.edit((state) => {
    for (const { engine } of Object.values(state.machines)) {
      engine.images.push('api:1', 'api:2', 'reg.example/api:1');
    }
    state.failingImages['api:2'] = 'task: non-zero exit (1)';
  });
  origin = { world, stack };
});

const compose = (image = 'api:1', deploy = 'replicas: 2'): string => `
services:
  api:
    image: ${image}
    environment: [MODE=plain, LEVEL=info]
    ports: [{ target: 80, published: 8080, mode: host }]
    networks: [back]
    deploy: { ${deploy} }
networks: { back: {} }
`;

function fresh(): StackRun {
  const { world, stack } = copyOf(origin.world, origin.stack);
  return new StackRun(world, stack);
}

async function deployed(text = compose()): Promise<StackRun> {
  const run = fresh();
  await run.up(wanted(run, text));
  return run;
}

function wanted(run: StackRun, text: string, more: PropertyMap = {}): PropertyMap {
  return run.wanted(text, { secrets: {}, configs: {}, ...more });
}

function service(run: StackRun, change: (entry: ServiceEntry) => void): void {
  run.edit(({ services }) => {
    const entry = services.find(({ spec }) => spec.name === 'numbers_api');
    assert.ok(entry !== undefined);
    change(entry);
  });
}

describe('a stack that is called otherwise', () => {
  const renamed = async (): Promise<StackRun> => {
    const run = await deployed();
    run.urn = stackUrn.replace(/numbers$/, 'figures');
    return run;
  };

  test('knows what it made: refresh keeps it, an update changes it, and a removal takes all of it', async () => {
    const run = await renamed();
    await run.refresh();
    assert.ok(run.inputs !== undefined);
    assert.deepEqual(await run.up(wanted(run, compose())), []);
    await run.up(wanted(run, compose('api:1', 'replicas: 3')));
    assert.equal((run.outputs['owners'] as readonly string[]).length, 2);
    const process = run.process();
    process.check(stackUrn, wanted(run, compose()));
    await run.destroy(process);
    for (const kind of ['services', 'networks'] as const) assert.deepEqual(run.names(kind), []);
  });

  test('without an alias it is another resource: preview refuses it, and names the way', async () => {
    const run = await renamed();
    const other = new StackRun(run.world, origin.stack);
    other.urn = run.urn;
    await assert.rejects(other.previewCreate(wanted(other, compose())), {
      code: 'StackExists',
      message: /if the resource was renamed, give it an alias of that name/,
    });
  });
});

function task(
  entry: ServiceEntry,
  change: (template: StackServiceBody['TaskTemplate']) => StackServiceBody['TaskTemplate'],
): void {
  const { stack } = entry;
  assert.ok(stack !== undefined);
  const body = { ...stack.body, TaskTemplate: change(stack.body.TaskTemplate) };
  entry.stack = { ...stack, body };
}

describe('what somebody changed by hand', () => {
  const cases: readonly (readonly [string, (entry: ServiceEntry) => void, string, unknown])[] = [
    [
      'a variable more, and another value of one',
      (entry) => {
        const environment = { MODE: 'hunter2', LEVEL: 'info', DEBUG: '1' };
        entry.spec = { ...entry.spec, environment };
      },
      'environment',
      ['DEBUG', 'LEVEL', 'MODE (another value)'],
    ],
    [
      'a port',
      (entry) => {
        const [port] = entry.spec.ports;
        assert.ok(port !== undefined);
        entry.spec = { ...entry.spec, ports: [{ ...port, published: 9090 }] };
      },
      'ports',
      ['9090:80/tcp on each node'],
    ],
    [
      'a constraint',
      (entry) => {
        entry.spec = { ...entry.spec, constraints: ['node.role == worker'] };
      },
      'settings',
      'constraints node.role == worker',
    ],
    [
      'a limit, a mount, a network less, and its update settings',
      (entry) => {
        task(entry, (template) => ({
          ...template,
          Resources: { Limits: { MemoryBytes: 2 ** 26 } },
          Networks: [],
          ContainerSpec: {
            ...template.ContainerSpec,
            Mounts: [{ Type: 'bind', Source: '/etc/hunter2', Target: '/mnt' }],
          },
        }));
        entry.updateConfig = { Parallelism: 2 };
      },
      'settings',
      'changed by hand: deploy.resources.limits.memory, deploy.update_config.parallelism, networks, volumes',
    ],
    [
      'a command, and where its tasks may be',
      (entry) => {
        task(entry, (template) => ({
          ...template,
          ContainerSpec: { ...template.ContainerSpec, Args: ['--key=hunter2'] },
        }));
        entry.spec = { ...entry.spec, constraints: [] };
      },
      'settings',
      'no constraints; changed by hand: command',
    ],
  ];
  for (const [what, change, part, shown] of cases) {
    test(`${what}: refresh sees it, no value of it, and up takes it back`, async () => {
      const text = compose('api:1', 'replicas: 2, placement: { constraints: [node.id != x] }');
      const run = await deployed(text);
      const before = run.world.swarm().services.find(({ spec }) => spec.name === 'numbers_api');
      service(run, change);
      await run.refresh();
      const seen = (run.inputs?.['services'] as PropertyMap)['api'] as PropertyMap;
      assert.deepEqual(seen[part], shown);
      assert.ok(!JSON.stringify([run.inputs, run.outputs, run.transcript]).includes('hunter2'));
      const changes = await run.up(wanted(run, text));
      assert.ok(
        changes.every((path) => path.startsWith(`services.api.${part}`)),
        changes.join(),
      );
      assert.ok(changes.length > 0);
      const after = run.world.swarm().services.find(({ spec }) => spec.name === 'numbers_api');
      assert.deepEqual(after?.spec, before?.spec);
      assert.deepEqual(after?.stack, before?.stack);
      assert.deepEqual(await run.up(wanted(run, text)), []);
    });
  }

  test('nothing, in a service with all that a compose file may say: refresh sees nothing', async () => {
    const run = await deployed(richCompose('api:1', { deploy: 'replicas: 1' }));
    const { inputs } = run;
    await run.refresh();
    assert.deepEqual(run.inputs, inputs);
  });
});

describe('jobs', () => {
  const job = (image: string, more = ''): string =>
    `services: { api: { image: "${image}", deploy: { mode: replicated-job, replicas: 2${more} } } }`;

  test('are waited for until every task has completed, and run once', async () => {
    const run = await deployed(job('api:1'));
    const { statuses } = run.transcript;
    assert.ok(
      statuses.some((line) => /numbers_api \d\/2 completed/.test(line)),
      statuses.join(),
    );
    const complete = (): number =>
      run.world.swarm().tasks.filter(({ state }) => state === 'complete').length;
    assert.equal(complete(), 2);
    assert.deepEqual(await run.up(wanted(run, job('api:1'))), []);
    assert.equal(complete(), 2);
  });

  test('on each node, one task each', async () => {
    const text = 'services: { api: { image: "api:1", deploy: { mode: global-job } } }';
    const run = await deployed(text);
    const ended = run.world.swarm().tasks.filter(({ state }) => state === 'complete');
    assert.equal(new Set(ended.map(({ nodeId }) => nodeId)).size, 3);
  });

  test('one that fails for good ends the run with its error, and the next `up` runs it again', async () => {
    const run = fresh();
    const text = job('api:2', ', restart_policy: { condition: none }');
    await assert.rejects(run.up(wanted(run, text)), (error) => {
      assert.ok(error instanceof InitErrors);
      assert.match(
        error.message,
        /numbers_api 0\/2 completed, and it is not tried again: task: non-zero exit \(1\)/,
      );
      return true;
    });
    run.world.edit((state) => {
      state.failingImages = {};
    });
    await run.up(wanted(run, text));
    assert.equal(run.outputs['isConverged'], true);
  });
});

describe('logins of registries', () => {
  const login = { server: 'reg.example', username: 'ci', password: 'hunter2' };
  const user = (run: StackRun): string | undefined =>
    run.world.swarm().services.find(({ spec }) => spec.name === 'numbers_api')?.loginUser;

  test('go with a service of such an image alone, and a new one without another task', async () => {
    const run = fresh();
    await run.up(wanted(run, compose('reg.example/api:1'), { registries: [login] }));
    assert.equal(user(run), 'ci');
    const tasks = (): string =>
      JSON.stringify(
        run.world
          .swarm()
          .tasks.map(({ id }) => id)
          .sort(),
      );
    const before = tasks();
    const next = { registries: [{ ...login, username: 'other', password: 'hunter3' }] };
    assert.deepEqual(await run.up(wanted(run, compose('reg.example/api:1'), next)), ['registries']);
    assert.equal(user(run), 'other');
    assert.equal(tasks(), before);
    assert.ok(!/hunter[23]/.test(JSON.stringify([run.transcript, run.outputs])));
  });

  test('are nothing to one of another registry', async () => {
    const run = fresh();
    await run.up(wanted(run, compose(), { registries: [login] }));
    assert.equal(user(run), undefined);
    assert.deepEqual(await run.up(wanted(run, compose())), []);
  });
});

describe('adopting', () => {
  const foreign = async (): Promise<StackRun> => {
    const run = await deployed(
      compose().replace('networks: { back', '  old: { image: "api:1" }\nnetworks: { back'),
    );
    run.edit(({ services, networks }) => {
      for (const { spec } of services) Reflect.deleteProperty(spec.labels, stackOfLabel);
      for (const { labels = {} } of networks) Reflect.deleteProperty(labels, stackOfLabel);
    });
    return new StackRun(run.world, origin.stack);
  };

  test('its preview names what is taken over, and what is removed', async () => {
    const run = await foreign();
    await assert.rejects(run.previewCreate(wanted(run, compose())), { code: 'StackExists' });
    const said = await run.previewCreate(wanted(run, compose(), { adopt: true }));
    assert.deepEqual(
      said.filter((line) => /take|remove/.test(line)),
      [
        'take service numbers_api over as it runs, and update it to the files',
        'remove service numbers_old, which no file declares',
        'remove network numbers_default, which no file declares under this name',
      ],
    );
  });

  test('is over when it has converged: what somebody adds later is left alone', async () => {
    const run = await foreign();
    await run.up(wanted(run, compose(), { adopt: true }));
    assert.deepEqual(run.names('services'), ['numbers_api']);
    run.edit(({ services }) => {
      const [api] = services.filter(({ spec }) => spec.name === 'numbers_api');
      assert.ok(api !== undefined);
      const labels = { 'com.docker.stack.namespace': 'numbers' };
      services.push({
        ...api,
        id: 'colleague',
        spec: { ...api.spec, name: 'numbers_extra', labels },
      });
    });
    await run.up(wanted(run, compose('api:1', 'replicas: 1'), { adopt: true }));
    assert.deepEqual(run.names('services'), ['numbers_api', 'numbers_extra']);
  });
});

describe('what the swarm cannot run', () => {
  const meshed = 'services: { api: { image: "api:1", ports: ["8088:80"] } }';

  test('a port of the mesh that another service has: preview refuses it, and up before it touches anything', async () => {
    const run = await deployed(meshed);
    const second = new StackRun(run.world, origin.stack);
    second.urn = stackUrn.replace(/numbers$/, 'second');
    const other = wanted(second, meshed, { name: 'second' });
    const refused = {
      code: 'StackImpossible',
      message:
        /nothing was touched: services\.api publishes 8088\/tcp by the routing mesh, as the service numbers_api does/,
    };
    await assert.rejects(second.previewCreate(other), refused);
    await assert.rejects(second.up(other), refused);
    assert.equal(run.world.swarm().services.length, 1);
  });

  test('a kernel without IP_VS is said, where services want a virtual IP', async () => {
    const run = fresh();
    const kernel = (lacksIpvs: boolean): void => {
      run.world.edit(({ machines }) => {
        for (const machine of Object.values(machines)) machine.lacksIpvs = lacksIpvs;
      });
    };
    const doubts = async (text: string): Promise<readonly string[]> =>
      (await run.previewCreate(wanted(run, text))).filter((line) => line.includes('IP_VS'));
    assert.deepEqual(await doubts(meshed), [], 'nothing is known, and nothing is said');
    kernel(true);
    assert.match((await doubts(meshed)).join(), /the kernel of m1 has no IP_VS: .*; api would not/);
    const byName = 'services: { api: { image: "api:1", deploy: { endpoint_mode: dnsrr } } }';
    assert.deepEqual(await doubts(byName), []);
    run.world.failNext('network.hasIpvs', { code: 'CommandTimedOut', message: 'silent' });
    assert.deepEqual(await doubts(meshed), []);
    kernel(false);
    assert.deepEqual(await doubts(meshed), []);
  });
});

describe('an external network', () => {
  const text = `
services: { api: { image: "api:1", networks: [lan, host], deploy: { endpoint_mode: dnsrr } } }
networks: { lan: { external: true, name: lan }, host: { external: true } }
`;
  const network = (
    run: StackRun,
    kind: { readonly driver: string; readonly scope: string },
  ): void => {
    run.edit(({ networks }) => {
      networks.push({ id: 'lan', name: 'lan', subnet: '10.9.0.0/24', services: [], kind });
    });
  };

  test('of the swarm is found, whatever its driver, and the Engine’s own need none', async () => {
    const run = fresh();
    network(run, { driver: 'macvlan', scope: 'swarm' });
    await run.up(wanted(run, text));
    assert.equal(run.outputs['isConverged'], true);
    const { inputs } = run;
    await run.refresh();
    assert.deepEqual(run.inputs, inputs);
  });

  test('of one node alone is refused, and said, before anything is touched', async () => {
    const run = fresh();
    network(run, { driver: 'macvlan', scope: 'local' });
    await assert.rejects(run.up(wanted(run, text)), {
      code: 'StackIncomplete',
      message:
        /the network lan \(driver macvlan, scope local\), which the compose files call external, is of one node alone, and no service reaches it; nothing was touched/,
    });
    assert.deepEqual(run.names('services'), []);
  });
});

test('a job’s mode is not changed in place', async () => {
  const run = await deployed();
  const text = compose().replace('replicas: 2', 'mode: replicated-job');
  const { failures } = resourceOf('swarm:index:Stack').check(wanted(run, text), run.inputs);
  assert.match(failures[0]?.reason ?? '', /goes from Replicated to ReplicatedJob/);
});
