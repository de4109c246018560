import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ServiceFacts } from '../../../core/facts';
import { stackSpecLabel } from '../../../core/labels';
import { changedByHand, settingsText } from '../../../core/stack/changedByHand';
import { richCompose } from '../../support/compose/richService';
import { planned } from '../../support/compose/planned';
import type { StackServiceBody } from '../../../core/stack/serviceBody';

const networks = [
  { id: 'n1', name: 'demo_back', labels: {} },
  { id: 'n2', name: 'demo_side', labels: {} },
];

function bodyOf(text: string, name = 'rich'): StackServiceBody {
  const body = planned(text).services.find(({ key }) => key === name)?.body;
  assert.ok(body !== undefined);
  return body;
}

/** As an engine tells it: files by their IDs too, networks by theirs alone. */
function told(body: StackServiceBody): Record<string, unknown> {
  const { ContainerSpec, Networks, ...task } = body.TaskTemplate;
  return {
    ...body,
    TaskTemplate: {
      ...task,
      ContainerSpec: {
        ...ContainerSpec,
        Configs: ContainerSpec.Configs.map(({ name, file }) => ({ ConfigName: name, File: file })),
        Secrets: ContainerSpec.Secrets.map(({ name, file }) => ({ SecretName: name, File: file })),
      },
      Networks: Networks.map((network) => ({
        ...network,
        Target: networks.find(({ name }) => name === network.Target)?.id,
      })),
    },
  };
}

function found(body: StackServiceBody, spec: Record<string, unknown> = told(body)): ServiceFacts {
  return {
    ...{ id: 's', version: 1, name: body.Name, mode: 'replicated', replicas: 0 },
    image: body.TaskTemplate.ContainerSpec.Image,
    labels: body.Labels,
    constraints: body.TaskTemplate.Placement.Constraints,
    spec,
  };
}

const base = richCompose('web:1');
const rich = bodyOf(base);

describe('the settings of a service', () => {
  test('are as declared, in whatever order and with whatever defaults they come', () => {
    assert.deepEqual(changedByHand(rich, found(rich), networks), {});
    const spec = structuredClone(told(rich)) as { TaskTemplate: Record<string, unknown> };
    const task = spec.TaskTemplate as Record<string, Record<string, unknown>>;
    (task['Networks'] as unknown as unknown[]).reverse();
    (task['ContainerSpec']?.['Mounts'] as unknown[]).reverse();
    Object.assign(task, { Runtime: 'container', Later: { of: 'an Engine to come' } });
    Object.assign(task['ContainerSpec'] ?? {}, { Isolation: 'default', Later: 1 });
    assert.deepEqual(changedByHand(rich, found(rich, spec), networks), {});
    assert.equal(settingsText(found(rich, spec)), settingsText(found(rich)));
  });

  test('without a word in the file are the Engine’s defaults', () => {
    const plain = bodyOf(base, 'plain');
    const spec = {
      ...told(plain),
      UpdateConfig: { Parallelism: 1, FailureAction: 'pause', Monitor: 5e9, Order: 'stop-first' },
      RollbackConfig: { Parallelism: 1, MaxFailureRatio: 0 },
    };
    assert.deepEqual(changedByHand(plain, found(plain, spec), networks), {});
    const everyOne = { ...spec, UpdateConfig: { ...spec.UpdateConfig, Parallelism: 0 } };
    assert.deepEqual(changedByHand(plain, found(plain, everyOne), networks), {
      settings: ['deploy.update_config.parallelism'],
    });
  });

  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ['memory: 64M', 'memory: 32M', ['deploy.resources.limits.memory']],
    [
      'limits: { cpus: "0.50", memory: 64M, pids: 100 }',
      '',
      [
        'deploy.resources.limits.cpus',
        'deploy.resources.limits.memory',
        'deploy.resources.limits.pids',
      ],
    ],
    ['value: 2', 'value: 1', ['deploy.resources.reservations.generic_resources']],
    ['data:/var/data', 'data:/var/data:ro', ['volumes']],
    ['command: [serve,', 'command: [-v, serve,', ['command']],
    ['[/bin/entry, --flag]', '[/bin/entry]', ['entrypoint']],
    ['order: start-first', 'order: stop-first', ['deploy.update_config.order']],
    ['ratio: 0.15', 'ratio: 0.16', ['deploy.update_config.max_failure_ratio']],
    ['monitor: 7s', 'monitor: 8s', ['deploy.rollback_config.monitor']],
    ['delay: 0s', 'delay: 5s', ['deploy.restart_policy.delay']],
    ['owner: us', 'owner: you, more: "1"', ['deploy.labels.more', 'deploy.labels.owner']],
    ['tier: front', 'tier: back', ['labels.tier']],
    ['interval: 10s', 'interval: 11s', ['healthcheck.interval']],
    ['[CMD, "true"]', '[CMD, "false"]', ['healthcheck.test']],
    ['side: { aliases: [z, a] }, ', '', ['networks']],
    ['aliases: [z, a]', 'aliases: [z, b]', ['networks']],
    ['configs: [settings, ', 'configs: [', ['configs']],
    ['target: /run/key', 'target: /run/other', ['secrets']],
    ['content: rich=1', 'content: rich=2', ['configs']],
    ['max-file: "3"', 'max-file: "4"', ['logging.options.max-file']],
    ['hard: 2048', 'hard: 4096', ['ulimits']],
    ['init: true', 'init: false', ['init']],
    ['tty: true', 'tty: false', ['tty']],
    ['spread: node.labels.room', 'spread: node.labels.hall', ['deploy.placement.preferences']],
    ['per_node: 2', 'per_node: 3', ['deploy.placement.max_replicas_per_node']],
    [
      'endpoint_mode: dnsrr\n      labels',
      'endpoint_mode: vip\n      labels',
      ['deploy.endpoint_mode'],
    ],
    ['stop_grace_period: 1m30s', 'stop_grace_period: 10s', ['stop_grace_period']],
    ['somaxconn: "1024"', 'somaxconn: "1"', ['sysctls.net.core.somaxconn']],
    ['[NET_ADMIN, CHOWN]', '[CHOWN]', ['cap_add']],
  ];
  for (const [declared, byHand, terms] of cases) {
    test(`${byHand === '' ? `no ${declared}` : byHand}: ${terms.join(', ')}`, () => {
      assert.equal(base.split(declared).length, 2, 'stands there once');
      const other = bodyOf(base.replace(declared, byHand));
      const seen = { ...found(other), labels: rich.Labels };
      assert.deepEqual(changedByHand(rich, seen, networks), { settings: terms });
      assert.notEqual(settingsText(seen), settingsText(found(rich)));
    });
  }

  test('that an older engine forgets are no difference, and those that it tells are', () => {
    const compose = (interval: string): StackServiceBody =>
      bodyOf(base.replace('retries: 4,', `retries: 4, start_interval: ${interval},`));
    const declared = compose('2s');
    assert.deepEqual(changedByHand(declared, found(declared), networks), {});
    assert.deepEqual(changedByHand(declared, found(rich), networks), {});
    assert.deepEqual(changedByHand(declared, found(compose('3s')), networks), {
      settings: ['healthcheck.start_interval'],
    });
    assert.deepEqual(changedByHand(rich, found(compose('3s')), networks), {
      settings: ['healthcheck.start_interval'],
    });
  });

  test('parts of a mount are seen where the engine tells them', () => {
    const compose = (subpath: string, consistency = ''): StackServiceBody =>
      bodyOf(
        base
          .replace('volume: { nocopy: true }', `volume: { nocopy: true${subpath} }`)
          .replace('source: /srv,', `source: /srv, ${consistency}`),
      );
    const declared = compose(', subpath: one', 'consistency: cached,');
    assert.deepEqual(changedByHand(declared, found(declared), networks), {});
    assert.deepEqual(changedByHand(declared, found(compose('')), networks), {});
    assert.deepEqual(
      changedByHand(rich, found(compose('', 'consistency: default,')), networks),
      {},
    );
    for (const [subpath, consistency] of [
      [', subpath: two', 'consistency: cached,'],
      [', subpath: one', 'consistency: delegated,'],
    ] as const) {
      const other = found(compose(subpath, consistency));
      assert.deepEqual(changedByHand(declared, other, networks), { settings: ['volumes'] });
      assert.deepEqual(changedByHand(rich, other, networks), { settings: ['volumes'] });
    }
  });

  test('networks that nobody could look up are not judged', () => {
    assert.deepEqual(changedByHand(rich, found(rich)), {});
    assert.deepEqual(changedByHand(rich, found(rich), networks.slice(1)), {});
  });

  test('labels of ours are not among them', () => {
    const spec = told(rich);
    const seen = found(rich, { ...spec, Labels: { ...rich.Labels, [stackSpecLabel]: 'x' } });
    assert.deepEqual(changedByHand(rich, seen, networks), {});
  });

  test('an answer of another form names what is missing, and breaks nothing', () => {
    for (const spec of [{}, { TaskTemplate: [], Labels: 'x', UpdateConfig: null }]) {
      const { settings = [] } = changedByHand(rich, found(rich, spec), networks);
      assert.ok(settings.includes('volumes'), settings.join());
    }
  });
});
