import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { allowDestroyLabel, stackOfLabel } from '../../core/labels';
import type { JournalEntry } from '../../provider/server/journal';
import type { PropertyMap } from '../../provider/server/resource';
import { StackRun as Run, stackUrn as urn } from '../support/stackRun';
import { unknown } from '../../provider/server/resource';
import { copyOf, founded } from '../support/clusterState';
import { cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { resourceOf, sentences, warnings } from '../support/providerHarness';
import type { Transcript } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';
import { InitErrors } from '../support/savedResource';

const images = ['api:1', 'api:2', 'api:bad', 'web:1'];
let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  const stack = await founded(world, cluster(1, 2));
  world.edit((state) => {
    for (const machine of Object.values(state.machines)) machine.engine.images.push(...images);
    state.failingImages['api:bad'] = 'task: non-zero exit (1)';
  });
  origin = { world, stack };
});

const compose = (api: string, more = ''): string => `
services:
  api:
    image: ${api}
    secrets: [key]
    configs: [settings]
    networks: [back]
    environment: ["MODE=\${MODE:-plain}"]
    deploy: { replicas: 2, update_config: { failure_action: rollback } }
  web:
    image: web:1
    ports: [{ target: 80, published: 8080, mode: host }]
    deploy: { mode: global }
${more}
networks: { back: {} }
secrets: { key: {} }
configs: { settings: {} }
`;

function fresh(): Run {
  const { world, stack } = copyOf(origin.world, origin.stack);
  return new Run(world, stack);
}

async function deployed(): Promise<Run> {
  const run = fresh();
  await run.up(run.wanted(compose('api:1')));
  return run;
}

const nothingSecret = ({ journal, logs, statuses, errors }: Transcript): void => {
  assert.ok(!JSON.stringify({ journal, logs, statuses, errors }).includes('hunter2'));
};

describe('create', () => {
  test('networks, configs and secrets first, then services; it ends when all tasks run', async () => {
    const run = await deployed();
    assert.deepEqual(run.names('services'), ['numbers_api', 'numbers_web']);
    assert.deepEqual(run.names('networks'), ['numbers_back', 'numbers_default']);
    assert.deepEqual(run.names('configs'), ['numbers_settings_#']);
    assert.deepEqual(run.names('secrets'), ['numbers_key_#']);
    assert.equal(run.outputs['isConverged'], true);
    const running = run.world.swarm().tasks.filter(({ state }) => state === 'running');
    assert.equal(running.length, 5);
    assert.ok(run.transcript.statuses.some((line) => /numbers_api 0\/2/.test(line)));
    assert.deepEqual(run.inputs?.['services'], {
      api: { image: 'api:1', replicas: 2, environment: ['MODE'], ports: [] },
      web: { image: 'web:1', mode: 'Global', environment: [], ports: ['8080:80/tcp on each node'] },
    });
    nothingSecret(run.transcript);
  });

  test('an image that no node has: the error of the tasks, on every node, and no timeout', async () => {
    const run = fresh();
    const began = run.world.edit(({ nowMs }) => nowMs);
    await assert.rejects(run.up(run.wanted(compose('api:none'))), (error) => {
      assert.ok(error instanceof InitErrors);
      assert.match(
        error.message,
        /api 0\/2.*No such image: api:none on .* tasks\); mend the cause/,
      );
      return true;
    });
    assert.ok(run.world.edit(({ nowMs }) => nowMs) - began < 120_000);
    // The next run goes on: Update, not a second Create.
    assert.equal(run.outputs['isConverged'], false);
    await run.up(run.wanted(compose('api:1')));
    assert.equal(run.outputs['isConverged'], true);
  });

  test('a port that is taken on each node: pending tasks with the scheduler’s reason', async () => {
    const run = await deployed();
    const again = new Run(run.world, origin.stack);
    const other = again.wanted(
      'services: { web: { image: "web:1", ports: [{ target: 80, published: 8080, mode: host }] } }',
    );
    await assert.rejects(
      again.up({ ...other, name: 'second', secrets: {}, configs: {} }),
      /web 0\/1.*no suitable node \(host-mode port already in use on \d nodes\)/,
    );
  });

  test('a stack that somebody else made is refused, or adopted', async () => {
    const run = await deployed();
    const count = run.world.swarm().services.length;
    run.edit(({ services }) => {
      for (const { spec } of services) Reflect.deleteProperty(spec.labels, stackOfLabel);
    });
    const other = new Run(run.world, origin.stack);
    await assert.rejects(other.up(other.wanted(compose('api:2'))), {
      code: 'StackExists',
      message:
        /has the service numbers_api, numbers_web already, which this package did not make; nothing was touched; .*`adopt: true`/,
    });
    assert.equal(run.image('numbers_api'), 'api:1');
    await other.up(other.wanted(compose('api:2'), { adopt: true }));
    assert.equal(run.image('numbers_api'), 'api:2');
    assert.equal(run.world.swarm().services.length, count);
  });

  test('what is called external and is not there: before anything is touched', async () => {
    const run = fresh();
    const text =
      'services: { web: { image: "web:1", networks: [n] } }\nnetworks: { n: { external: true } }';
    await assert.rejects(run.up(run.wanted(text, { secrets: {}, configs: {} })), {
      code: 'StackIncomplete',
      message:
        /the swarm has no network n, which the compose files call external; nothing was touched/,
    });
    assert.deepEqual(run.names('services'), []);
  });
});

describe('update', () => {
  test('only what changes; the plan names it, and no value', async () => {
    const run = await deployed();
    const web = run.world.swarm().services.find(({ spec }) => spec.name === 'numbers_web')?.version;
    const changes = await run.up(
      run.wanted(compose('api:2'), { secretVariables: { MODE: 'hunter2' } }),
    );
    assert.deepEqual(changes, ['services.api.environment', 'services.api.image']);
    assert.equal(run.image('numbers_api'), 'api:2');
    assert.equal(
      run.world.swarm().services.find(({ spec }) => spec.name === 'numbers_web')?.version,
      web,
    );
    nothingSecret(run.transcript);
    assert.deepEqual(
      await run.up(run.wanted(compose('api:2'), { secretVariables: { MODE: 'hunter2' } })),
      [],
    );
  });

  test('another secret: a new name, its users restarted, the old one removed when all run', async () => {
    const run = await deployed();
    const before = run.world.swarm().secrets.map(({ name }) => name);
    const changes = await run.up(
      run.wanted(compose('api:1'), { secrets: { key: 'hunter2-next' } }),
    );
    assert.deepEqual(changes, ['secrets', 'services.api.settings']);
    const after = run.world.swarm().secrets.map(({ name }) => name);
    assert.equal(after.length, 1);
    assert.notDeepEqual(after, before);
    const steps = sentences(run.transcript);
    const at = (start: string): number => steps.findIndex((step) => step.startsWith(start));
    assert.ok(at('create secret') < at('update service numbers_api'));
    assert.ok(at('wait until stack') < at('remove secret'));
    nothingSecret(run.transcript);
  });

  test('a service, and what it alone used, are removed when nothing declares them', async () => {
    const run = await deployed();
    const changes = await run.up(
      run.wanted(
        'services: { web: { image: "web:1", ports: [{ target: 80, published: 8080, mode: host }], deploy: { mode: global } } }',
        {
          secrets: {},
          configs: {},
        },
      ),
    );
    assert.ok(changes.includes('services.api'), changes.join());
    assert.deepEqual(run.names('services'), ['numbers_web']);
    assert.deepEqual(run.names('networks'), ['numbers_default']);
    assert.deepEqual(run.names('secrets'), []);
    assert.deepEqual(run.names('configs'), []);
  });

  test('a bad version that the swarm itself takes back: the run fails with the tasks’ error, the state stays', async () => {
    const run = await deployed();
    await assert.rejects(run.up(run.wanted(compose('api:bad'))), {
      code: 'StackFailed',
      message:
        /the update failed: .*numbers_api: its update is taken back \(rollback_completed\).*task: non-zero exit \(1\)/,
    });
    assert.equal(run.image('numbers_api'), 'api:1');
    assert.equal((run.inputs?.['services'] as PropertyMap)['api'] !== undefined, true);
    await run.refresh();
    // The next plan still shows what is to be done, and a good version goes through.
    assert.deepEqual(await run.up(run.wanted(compose('api:2'))), ['services.api.image']);
  });

  test('one that is paused: fails, and the same again makes it go on', async () => {
    const run = await deployed();
    const text = (image: string): string => compose(image).replace('rollback', 'pause');
    await run.up(run.wanted(text('api:1')));
    await assert.rejects(
      run.up(run.wanted(text('api:bad'))),
      /its update is paused: .*non-zero exit/,
    );
    assert.equal(run.image('numbers_api'), 'api:bad');
    run.world.edit((state) => {
      state.failingImages = {};
    });
    await run.up(run.wanted(text('api:bad')));
    assert.equal(run.outputs['isConverged'], true);
  });

  test('`onFailure: rollback`: the whole stack is what the state has', async () => {
    const run = await deployed();
    const text = compose('api:bad', '  extra: { image: "web:1" }').replace('rollback', 'pause');
    await assert.rejects(
      run.up(run.wanted(text, { onFailure: 'rollback', secrets: { key: 'hunter2-next' } })),
      {
        code: 'StackFailed',
        message:
          /the update failed: .*; the whole stack runs again as it was before; mend the cause/,
      },
    );
    assert.equal(run.image('numbers_api'), 'api:1');
    assert.deepEqual(run.names('services'), ['numbers_api', 'numbers_web']);
    assert.deepEqual(run.names('secrets'), ['numbers_key_#']);
    assert.ok(warnings(run.transcript).some((line) => /it goes back to what it was/.test(line)));
    nothingSecret(run.transcript);
    await run.refresh();
    assert.deepEqual(await run.up(run.wanted(compose('api:1'))), []);
  });

  test('what the Engine changes in no way is refused before', async () => {
    const run = await deployed();
    const { failures } = resourceOf('swarm:index:Stack').check(
      run.wanted(
        compose('api:1').replace(
          'networks: { back: {} }',
          'networks: { back: { attachable: true } }',
        ),
      ),
      run.inputs,
    );
    assert.match(
      failures[0]?.reason ?? '',
      /the network numbers_back is declared otherwise than it was made/,
    );
  });
});

describe('tasks that run at first', () => {
  test('are watched on: one that fails soon after is told, and has to run again', async () => {
    const run = fresh();
    const process = run.process();
    const { statuses } = run.transcript;
    let failures = 0;
    statuses.push = (...lines) => {
      if (failures === 0 && lines.some((line) => line.includes('is watched for 5 s'))) {
        failures += 1;
        run.edit(({ tasks }) => {
          const task = tasks.find(({ image }) => image === 'api:1');
          assert.ok(task !== undefined);
          task.state = 'failed';
          task.desiredState = 'shutdown';
          task.error = 'task: non-zero exit (1)';
        });
      }
      return Array.prototype.push.apply(statuses, lines);
    };
    await run.up(run.wanted(compose('api:1')), process);
    assert.equal(failures, 1);
    assert.ok(
      statuses.some((line) => /api 1\/2.*non-zero exit/.test(line)),
      statuses.join('\n'),
    );
    assert.equal(run.outputs['isConverged'], true);
  });
});

describe('an Engine that refuses a service half-way', () => {
  const refuse = (run: Run, skip: number): void => {
    const message = 'invalid constraint node.labels.disk=ssd';
    run.world.failNext('docker.deployService', { statusCode: 400, message }, { skip });
  };
  const changed = compose('api:2').replace('image: web:1', 'image: api:2');

  test('of a first deployment: what was made is in the state, and the next run goes on', async () => {
    const run = fresh();
    refuse(run, 1);
    await assert.rejects(run.up(run.wanted(compose('api:1'))), (error) => {
      assert.ok(error instanceof InitErrors);
      assert.match(error.message, /^stack numbers: .*invalid constraint.*; mend the cause/);
      return true;
    });
    assert.deepEqual(run.names('services'), ['numbers_api']);
    assert.equal(run.outputs['isConverged'], false);
    await run.up(run.wanted(compose('api:1')));
    assert.deepEqual(run.names('services'), ['numbers_api', 'numbers_web']);
  });

  test('of an update, with `onFailure: rollback`: the whole stack is as before', async () => {
    const run = await deployed();
    refuse(run, 1);
    await assert.rejects(run.up(run.wanted(changed, { onFailure: 'rollback' })), {
      code: 'StackFailed',
      message: /invalid constraint.*; the whole stack runs again as it was before/,
    });
    assert.equal(run.image('numbers_api'), 'api:1');
    assert.equal(run.image('numbers_web'), 'web:1');
  });

  test('of an update, without: what has changed stays, and it says so', async () => {
    const run = await deployed();
    refuse(run, 1);
    await assert.rejects(run.up(run.wanted(changed)), {
      code: 'StackFailed',
      message: /invalid constraint.*; what has changed by now stays as it is/,
    });
    assert.equal(run.image('numbers_api'), 'api:2');
  });

  test('managers that fall silent are no reason to go back', async () => {
    const run = await deployed();
    for (let times = 0; times < 200; times += 1) {
      const error = { code: 'EngineUnreachable', message: 'no answer' };
      run.world.failNext('docker.deployService', error);
    }
    await assert.rejects(run.up(run.wanted(changed, { onFailure: 'rollback' })), {
      code: 'StackFailed',
      message: /no answer; what has changed by now stays as it is/,
    });
  });
});

describe('answers that are lost, and somebody else', () => {
  const lost = { code: 'EngineUnreachable', message: 'the connection broke' };

  test('an update that arrived is not sent again: what the swarm goes back to stays what it was', async () => {
    const run = await deployed();
    run.world.failNext('docker.deployService', lost, { after: true });
    await assert.rejects(run.up(run.wanted(compose('api:bad'))), /taken back/);
    assert.equal(run.image('numbers_api'), 'api:1');
  });

  test('a service that arrived is not made or updated again', async () => {
    const run = fresh();
    run.world.failNext('docker.deployService', lost, { after: true });
    await run.up(run.wanted(compose('api:1')));
    const sent = run.world.calls().filter(({ operation }) => operation === 'docker.deployService');
    assert.equal(sent.length, 2);
  });

  test('one that did not arrive is sent again', async () => {
    const run = await deployed();
    run.world.failNext('docker.deployService', lost);
    await run.up(run.wanted(compose('api:2')));
    assert.equal(run.image('numbers_api'), 'api:2');
  });

  test('what somebody changed since the look is not overwritten', async () => {
    const run = await deployed();
    const process = run.process();
    const wanted = run.wanted(compose('api:2'), {
      secrets: { key: 'hunter2-next' },
      onFailure: 'rollback',
    });
    const { journal } = run.transcript;
    journal.push = (...entries) => {
      const hasMade = ({ event, sentence }: JournalEntry): boolean =>
        event === 'end' && sentence.startsWith('create secret');
      if (entries.some(hasMade)) {
        run.edit(({ services }) => {
          const api = services.find(({ spec }) => spec.name === 'numbers_api');
          assert.ok(api !== undefined);
          api.spec = { ...api.spec, image: 'web:1' };
        });
      }
      return Array.prototype.push.apply(journal, entries);
    };
    await assert.rejects(run.up(wanted, process), {
      code: 'StackFailed',
      message:
        /somebody else has changed the service numbers_api since.*; what has changed by now stays/,
    });
    assert.equal(run.image('numbers_api'), 'web:1');
  });
});

describe('secret values in sentences of others', () => {
  const quoted =
    'starting container failed: exec: "--api-key=hunter2-variable --other=from-the-file": hunter2-key';
  const secrets = {
    secretVariables: { KEY: 'hunter2-variable', PORT: '18081' },
    envFiles: { 'a.env': 'OTHER=from-the-file\nLEVEL=info\n' },
    secrets: { key: 'hunter2-key' },
  };
  const silent = (run: Run): void => {
    const said = JSON.stringify([run.transcript, run.outputs, run.initErrors]);
    assert.ok(!/hunter2|from-the-file/.test(said), said);
    assert.match(said, /--api-key=\[secret\] --other=\[secret\]/);
  };

  test('a task’s error: in no status, journal, log, error, and not in the state', async () => {
    const run = fresh();
    run.world.edit((state) => {
      state.failingImages['api:bad'] = quoted;
    });
    const wanted = run.wanted(compose('api:bad'), { ...secrets, timeouts: { converge: 20 } });
    await assert.rejects(run.up(wanted), InitErrors);
    silent(run);
    run.world.edit((state) => {
      state.failingImages = {};
    });
    await run.up(wanted);
    run.world.edit((state) => {
      state.failingImages['api:2'] = quoted;
    });
    await assert.rejects(run.up(run.wanted(compose('api:2'), secrets)), { code: 'StackFailed' });
    silent(run);
  });

  test('an Engine’s refusal', async () => {
    const run = fresh();
    run.world.failNext('docker.deployService', { statusCode: 400, message: `invalid: ${quoted}` });
    await assert.rejects(run.up(run.wanted(compose('api:1'), secrets)));
    silent(run);
  });

  test('a port in the summary, and an image of an update that did not end', async () => {
    const run = fresh();
    const text = (image: string): string => compose(image).replace('8080', '"${PORT}"');
    await run.up(run.wanted(text('api:1'), secrets));
    assert.deepEqual(((run.inputs?.['services'] as PropertyMap)['web'] as PropertyMap)['ports'], [
      '[secret]:80/tcp on each node',
    ]);
    run.world.edit((state) => {
      state.failingImages['hunter2-next/api'] = 'task: non-zero exit (1)';
      for (const { engine } of Object.values(state.machines))
        engine.images.push('hunter2-next/api');
    });
    const next = text('${IMAGE}').replace('rollback', 'pause');
    const variables = { PORT: '18081', IMAGE: 'hunter2-next/api' };
    await assert.rejects(run.up(run.wanted(next, { ...secrets, secretVariables: variables })), {
      code: 'StackFailed',
    });
    await run.refresh();
    const services = JSON.stringify(run.inputs?.['services']);
    assert.ok(!services.includes('hunter2'), services);
    assert.match(services, /"image":"not as last declared"/);
  });
});

describe('kill -9', () => {
  test('at every step of a Create: the next run makes one whole stack', async () => {
    const whole = await deployed();
    const steps = sentences(whole.transcript).length;
    assert.ok(steps >= 7);
    for (let step = 0; step < steps; step += 1) {
      for (const at of ['start', 'end'] as const) {
        const run = fresh();
        const process = run.process({ fault: { kind: 'kill', at, step } });
        await assert.rejects(run.up(run.wanted(compose('api:1')), process));
        assert.ok(process.hasFaulted);
        await run.up(run.wanted(compose('api:1')));
        for (const kind of ['services', 'networks', 'configs', 'secrets'] as const) {
          assert.deepEqual(
            run.names(kind),
            whole.names(kind),
            `${kind} after ${at} of ${String(step)}`,
          );
        }
      }
    }
  });

  test('at every step of an Update and of a Delete', async () => {
    const first = await deployed();
    const wanted = (run: Run): PropertyMap =>
      run.wanted(compose('api:2'), { secrets: { key: 'hunter2-next' } });
    await first.up(wanted(first));
    const steps = sentences(first.transcript).length;
    for (let step = 0; step < steps; step += 1) {
      const run = await deployed();
      await assert.rejects(
        run.up(wanted(run), run.process({ fault: { kind: 'kill', at: 'end', step } })),
      );
      await run.up(wanted(run));
      assert.equal(run.image('numbers_api'), 'api:2');
      assert.equal(run.names('secrets').length, 1);
      run.world.edit(({ swarms }) => {
        for (const { labels } of Object.values(swarms)) labels[allowDestroyLabel] = 'true';
      });
      await run
        .destroy(run.process({ fault: { kind: 'kill', at: 'end', step } }))
        .catch(() => undefined);
      await run.destroy();
      for (const kind of ['services', 'networks', 'configs', 'secrets'] as const) {
        assert.deepEqual(run.names(kind), [], kind);
      }
    }
  });
});

describe('refresh', () => {
  test('scale and image that somebody changed by hand are in the next plan, and `up` takes them back', async () => {
    const run = await deployed();
    run.edit(({ services }) => {
      const api = services.find(({ spec }) => spec.name === 'numbers_api');
      assert.ok(api !== undefined);
      api.spec = { ...api.spec, image: 'api:2', mode: { replicas: 1 } };
    });
    await run.refresh();
    const changes = await run.up(run.wanted(compose('api:1')));
    assert.deepEqual(changes, ['services.api.image', 'services.api.replicas']);
    assert.equal(run.image('numbers_api'), 'api:1');
  });

  test('a service that is gone is missing; a stack that is gone is gone; silence is neither', async () => {
    const run = await deployed();
    run.edit((swarm) => {
      swarm.services = swarm.services.filter(({ spec }) => spec.name !== 'numbers_web');
    });
    await run.refresh();
    assert.deepEqual(Object.keys(run.inputs?.['services'] as PropertyMap), ['api']);
    await run.up(run.wanted(compose('api:1')));
    assert.deepEqual(run.names('services'), ['numbers_api', 'numbers_web']);
    run.world.editMachine('test/m1', (machine) => (machine.link = 'cut'));
    const before = run.inputs;
    await run.refresh();
    assert.deepEqual(run.inputs, before);
    assert.ok(warnings(run.transcript).some((line) => /was not looked at/.test(line)));
    run.world.editMachine('test/m1', (machine) => (machine.link = 'up'));
    run.world.advance(60_000);
    run.edit((swarm) => {
      swarm.services = [];
    });
    await run.refresh();
    assert.equal(run.inputs, undefined);
  });
});

test('what a killed update added is in the plan once its files are declared no more', async () => {
  const run = await deployed();
  const more = compose('api:1', '  extra: { image: "web:1" }');
  const whole = await deployed();
  await whole.up(whole.wanted(more));
  const step = sentences(whole.transcript).indexOf('create service numbers_extra');
  assert.ok(step > 0);
  const fault = { kind: 'kill', at: 'start', step: step + 1 } as const;
  await assert.rejects(run.up(run.wanted(more), run.process({ fault })));
  assert.ok(run.names('services').includes('numbers_extra'));
  await run.refresh();
  const changes = await run.up(run.wanted(compose('api:1')));
  assert.ok(
    changes.some((change) => change.startsWith('services.extra')),
    changes.join(),
  );
  assert.deepEqual(run.names('services'), ['numbers_api', 'numbers_web']);
});

test('services that bear another’s label are neither gone nor removed in silence', async () => {
  const run = await deployed();
  run.edit(({ services }) => {
    for (const { spec } of services) Object.assign(spec.labels, { [stackOfLabel]: 'renamed' });
  });
  const { inputs } = run;
  await run.refresh();
  assert.deepEqual(run.inputs, inputs);
  assert.match(warnings(run.transcript).join(), /numbers_api, numbers_web belong to another/);
  const process = run.process();
  process.check(urn.replace('numbers', 'other'), run.wanted(compose('api:1')));
  await run.destroy(process);
  assert.match(warnings(run.transcript).join(), /numbers_api, numbers_web were left in the swarm/);
  assert.equal(run.names('services').length, 2);
});

describe('delete', () => {
  test('services, then what they used; it waits until tasks have let go of a network', async () => {
    const run = await deployed();
    const process = run.process();
    // The program still declares something: this is a removal.
    process.check(urn.replace('numbers', 'other'), run.wanted(compose('api:1')));
    await run.destroy(process);
    for (const kind of ['services', 'networks', 'configs', 'secrets'] as const) {
      assert.deepEqual(run.names(kind), [], kind);
    }
    assert.ok(
      run.transcript.statuses.some((line) => /network numbers_\w+: it is still listed/.test(line)),
    );
    await run.destroy(process);
  });

  test('a network that somebody else uses stays, with a warning', async () => {
    const run = await deployed();
    run.edit(({ services, networks }) => {
      for (const network of networks) {
        if (network.name === 'numbers_back') network.services = [...network.services, 'foreign'];
      }
      const [api] = services.filter(({ spec }) => spec.name === 'numbers_api');
      assert.ok(api?.stack !== undefined);
      services.push({
        ...api,
        id: 'foreign',
        spec: { ...api.spec, name: 'foreign', labels: {} },
        stack: { ...api.stack, configs: [], secrets: [] },
      });
    });
    const process = run.process();
    process.check(urn.replace('numbers', 'other'), run.wanted(compose('api:1')));
    await run.destroy(process);
    assert.deepEqual(run.names('networks'), ['numbers_back']);
    assert.ok(
      warnings(run.transcript).some((line) =>
        /network numbers_back was left in the swarm/.test(line),
      ),
    );
  });

  test('a destroy without consent is refused', async () => {
    const run = await deployed();
    await assert.rejects(run.destroy(), { code: 'DestroyNotAllowed' });
    assert.equal(run.names('services').length, 2);
  });
});

describe('check', () => {
  const failures = (more: PropertyMap): readonly string[] => {
    const run = fresh();
    return resourceOf('swarm:index:Stack')
      .check(run.wanted(compose('api:1'), more), undefined)
      .failures.map(({ property, reason }) => `${property}: ${reason}`);
  };

  test('every fault of the files, with its place', () => {
    const text = 'services:\n  web:\n    imag: web\n    deploy: { replicas: x }';
    assert.deepEqual(failures({ compose: [{ name: 'a.yml', text }] }), [
      'compose: a.yml:4:25: services.web.deploy.replicas must be a whole number of 0 or more',
      'compose: a.yml:3:11: services.web.imag is not known in a stack; remove it, or mend its name',
    ]);
  });

  test('names, and words that are none', () => {
    assert.match(failures({ name: 'a b' }).join(), /is no name of a stack/);
    assert.match(failures({ onFailure: 'retry' }).join(), /is none of keep, rollback/);
  });

  test('what finds no place on the declared nodes', () => {
    const text =
      'services: { web: { image: a, deploy: { placement: { constraints: [node.labels.x == y] } } } }';
    const declared = { compose: [{ name: 'a.yml', text }], secrets: {}, configs: {} };
    assert.match(
      failures({ ...declared, nodes: [{ name: 'w1', role: 'worker' }] }).join(),
      /^compose: services\.web: no declared node that takes tasks satisfies node\.labels\.x == y/,
    );
    assert.deepEqual(
      failures({ ...declared, nodes: [{ name: 'w1', role: 'worker', labels: { x: 'y' } }] }),
      [],
    );
    assert.deepEqual(failures(declared), []);
  });

  test('no value of a secret variable in any of them', () => {
    const text = 'services: { web: { image: a, volumes: ["${PASSWORD}:/d"] } }';
    const found = failures({
      compose: [{ name: 'a.yml', text }],
      secretVariables: { PASSWORD: 'hunter2' },
      secrets: {},
      configs: {},
    });
    assert.deepEqual(found, [
      'compose: a.yml:1:40: services.web.volumes[0] is the volume [secret], which no compose file declares',
    ]);
  });

  test('what is not known yet is nobody’s fault', () => {
    const run = fresh();
    const resource = resourceOf('swarm:index:Stack');
    const wanted = run.wanted(compose('api:1'), { variables: { MODE: unknown } });
    const { inputs, failures: found } = resource.check(wanted, undefined);
    assert.deepEqual(found, []);
    assert.equal(inputs['services'], unknown);
    const secret = resource.check(
      run.wanted(compose('api:1'), { secrets: { key: unknown } }),
      undefined,
    );
    assert.deepEqual(secret.failures, []);
    assert.deepEqual(
      Object.values(resource.diff({ inputs: secret.inputs, state: {} }, inputs).changes),
      ['update', 'update'],
    );
  });
});
