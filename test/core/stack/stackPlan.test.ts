import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stackSpecLabel, stackTaskLabel } from '../../../core/labels';
import { faultsOf, planned } from '../../support/compose/planned';
import { numbers } from '../../support/compose/numbers';
import type { StackServiceBody } from '../../../core/stack/serviceBody';

function body(service: string, rest = ''): StackServiceBody {
  const text = `services:\n  web:\n    image: web:1\n${service.replace(/^/gm, '    ')}\n${rest}`;
  const found = planned(text, { secrets: { key: 'k' }, configs: { conf: 'c' } }).services[0]?.body;
  assert.ok(found !== undefined);
  return found;
}

const declares = 'secrets: { key: {} }\nconfigs: { conf: {} }\n';

function withoutDigests({ Labels, TaskTemplate, ...rest }: StackServiceBody): unknown {
  const { [stackSpecLabel]: _, ...labels } = Labels;
  const { Labels: all, ...container } = TaskTemplate.ContainerSpec;
  const { [stackTaskLabel]: __, ...own } = all;
  return {
    ...rest,
    Labels: labels,
    TaskTemplate: { ...TaskTemplate, ContainerSpec: { ...container, Labels: own } },
  };
}

describe('a service in the Engine’s words', () => {
  test('the smallest: what `docker stack deploy` sends', () => {
    assert.deepEqual(withoutDigests(body('', declares)), {
      Name: 'demo_web',
      Labels: { 'com.docker.stack.namespace': 'demo', 'com.docker.stack.image': 'web:1' },
      TaskTemplate: {
        ContainerSpec: {
          Image: 'web:1',
          Env: [],
          Labels: { 'com.docker.stack.namespace': 'demo' },
          Secrets: [],
          Configs: [],
        },
        Resources: {},
        Placement: { Constraints: [] },
        Networks: [{ Target: 'demo_default', Aliases: ['web'] }],
      },
      Mode: { Replicated: { Replicas: 1 } },
      EndpointSpec: { Ports: [] },
    });
  });

  test('everything', () => {
    const text = `
command: run --now
entrypoint: [/bin/e]
cap_add: [net_admin, SYS_TIME]
cap_drop: [ALL]
dns: 10.0.0.2
dns_search: [example.org]
environment: { B: 2, A: "x=y" }
extra_hosts: ["db:10.0.0.9", "v6=[::1]"]
healthcheck: { test: curl -f localhost, interval: 5s, timeout: 2s, retries: 3, start_period: 1m }
hostname: h
init: true
labels: { own: label }
logging: { driver: json-file, options: { max-size: 10m } }
networks: { front: { aliases: [www] }, outside: {} }
oom_score_adj: 10
ports: ["8080:80", { target: 53, published: 53, protocol: udp, mode: host }]
read_only: true
secrets: [{ source: key, target: /run/k, uid: "1", gid: 2, mode: 0400 }]
configs: [conf]
stdin_open: true
stop_grace_period: 30s
stop_signal: SIGINT
sysctls: { net.core.somaxconn: 1024 }
tty: true
ulimits: { nofile: 1024, nproc: { soft: 1, hard: 2 } }
user: 1000
volumes:
  - data:/data:ro
  - /srv:/srv
  - { type: tmpfs, target: /tmp, tmpfs: { size: 1m } }
  - { type: volume, source: kept, target: /kept, volume: { nocopy: true, subpath: part/one } }
  - { type: bind, source: /mnt, target: /mnt, consistency: cached, bind: { propagation: rslave } }
working_dir: /w
deploy:
  endpoint_mode: vip
  labels: { team: a }
  replicas: 3
  placement:
    constraints: [node.role == worker]
    preferences: [{ spread: node.labels.rack }]
    max_replicas_per_node: 2
  resources:
    limits: { cpus: "1.5", memory: 1g, pids: 100 }
    reservations:
      cpus: "0.25"
      memory: 64m
      generic_resources: [{ discrete_resource_spec: { kind: gpu, value: 2 } }]
  restart_policy: { condition: on-failure, delay: 5s, max_attempts: 3, window: 2m }
  update_config: { parallelism: 0, delay: 10s, failure_action: rollback, monitor: 15s, max_failure_ratio: 0.3, order: start-first }
  rollback_config: { failure_action: pause }
`;
    const rest = `${declares}networks: { front: {}, outside: { external: true, name: shared } }
volumes: { data: { driver: nfs, driver_opts: { o: x }, labels: { a: b } }, kept: { external: true } }
`;
    const sent = withoutDigests(body(text, rest)) as StackServiceBody;
    const [secret] = sent.TaskTemplate.ContainerSpec.Secrets;
    assert.match(secret?.name ?? '', /^demo_key_[0-9a-f]{10}$/);
    assert.deepEqual(secret?.file, { Name: '/run/k', UID: '1', GID: '2', Mode: 0o400 });
    const [config] = sent.TaskTemplate.ContainerSpec.Configs;
    assert.deepEqual(config?.file, { Name: 'conf', UID: '0', GID: '0', Mode: 0o444 });
    const { Secrets: _, Configs: __, ...container } = sent.TaskTemplate.ContainerSpec;
    assert.deepEqual(
      { ...sent, TaskTemplate: { ...sent.TaskTemplate, ContainerSpec: container } },
      {
        Name: 'demo_web',
        Labels: {
          team: 'a',
          'com.docker.stack.namespace': 'demo',
          'com.docker.stack.image': 'web:1',
        },
        TaskTemplate: {
          ContainerSpec: {
            Image: 'web:1',
            Command: ['/bin/e'],
            Args: ['run', '--now'],
            Hostname: 'h',
            Hosts: ['10.0.0.9 db', '::1 v6'],
            DNSConfig: { Nameservers: ['10.0.0.2'], Search: ['example.org'] },
            Healthcheck: {
              Test: ['CMD-SHELL', 'curl -f localhost'],
              Interval: 5e9,
              Timeout: 2e9,
              Retries: 3,
              StartPeriod: 60e9,
            },
            Env: ['A=x=y', 'B=2'],
            Labels: { own: 'label', 'com.docker.stack.namespace': 'demo' },
            Dir: '/w',
            User: '1000',
            Mounts: [
              {
                Type: 'volume',
                Target: '/data',
                ReadOnly: true,
                Source: 'demo_data',
                VolumeOptions: {
                  Labels: { a: 'b', 'com.docker.stack.namespace': 'demo' },
                  DriverConfig: { Name: 'nfs', Options: { o: 'x' } },
                },
              },
              { Type: 'bind', Target: '/srv', Source: '/srv' },
              { Type: 'tmpfs', Target: '/tmp', TmpfsOptions: { SizeBytes: 1_048_576 } },
              {
                Type: 'volume',
                Target: '/kept',
                Source: 'kept',
                VolumeOptions: { NoCopy: true, Subpath: 'part/one' },
              },
              {
                Type: 'bind',
                Target: '/mnt',
                Source: '/mnt',
                Consistency: 'cached',
                BindOptions: { Propagation: 'rslave' },
              },
            ],
            StopGracePeriod: 30e9,
            StopSignal: 'SIGINT',
            TTY: true,
            OpenStdin: true,
            ReadOnly: true,
            Init: true,
            Sysctls: { 'net.core.somaxconn': '1024' },
            CapabilityAdd: ['CAP_NET_ADMIN', 'CAP_SYS_TIME'],
            CapabilityDrop: ['ALL'],
            Ulimits: [
              { Name: 'nofile', Soft: 1024, Hard: 1024 },
              { Name: 'nproc', Soft: 1, Hard: 2 },
            ],
            OomScoreAdj: 10,
          },
          LogDriver: { Name: 'json-file', Options: { 'max-size': '10m' } },
          Resources: {
            Limits: { NanoCPUs: 15e8, MemoryBytes: 2 ** 30, Pids: 100 },
            Reservations: {
              NanoCPUs: 25e7,
              MemoryBytes: 64 * 2 ** 20,
              GenericResources: [{ DiscreteResourceSpec: { Kind: 'gpu', Value: 2 } }],
            },
          },
          RestartPolicy: {
            Condition: 'on-failure',
            Delay: 5e9,
            MaxAttempts: 3,
            Window: 120e9,
          },
          Placement: {
            Constraints: ['node.role == worker'],
            Preferences: [{ Spread: { SpreadDescriptor: 'node.labels.rack' } }],
            MaxReplicas: 2,
          },
          Networks: [
            { Target: 'demo_front', Aliases: ['www', 'web'] },
            { Target: 'shared', Aliases: ['web'] },
          ],
        },
        Mode: { Replicated: { Replicas: 3 } },
        EndpointSpec: {
          Mode: 'vip',
          Ports: [
            { Protocol: 'udp', TargetPort: 53, PublishedPort: 53, PublishMode: 'host' },
            { Protocol: 'tcp', TargetPort: 80, PublishedPort: 8080, PublishMode: 'ingress' },
          ],
        },
        UpdateConfig: {
          Parallelism: 0,
          Delay: 10e9,
          FailureAction: 'rollback',
          Monitor: 15e9,
          MaxFailureRatio: 0.3,
          Order: 'start-first',
        },
        RollbackConfig: { Parallelism: 1, FailureAction: 'pause' },
      },
    );
  });

  test('modes, and `restart` where `deploy` says nothing', () => {
    const mode = (deploy: string): unknown => body(`deploy: { mode: ${deploy} }`, declares).Mode;
    assert.deepEqual(mode('global'), { Global: {} });
    assert.deepEqual(mode('global-job'), { GlobalJob: {} });
    assert.deepEqual(mode('replicated-job, replicas: 2'), {
      ReplicatedJob: { MaxConcurrent: 2, TotalCompletions: 2 },
    });
    const policy = (text: string): unknown => body(text, declares).TaskTemplate.RestartPolicy;
    assert.equal(policy('restart: "no"'), undefined);
    assert.deepEqual(policy('restart: unless-stopped'), { Condition: 'any' });
    assert.deepEqual(policy('restart: on-failure:4'), { Condition: 'on-failure', MaxAttempts: 4 });
    assert.deepEqual(policy('restart: always\ndeploy: { restart_policy: { condition: none } }'), {
      Condition: 'none',
    });
  });
});

describe('digests', () => {
  const task = (service: string): string | undefined =>
    body(service, declares).TaskTemplate.ContainerSpec.Labels[stackTaskLabel];
  const spec = (service: string): string | undefined =>
    body(service, declares).Labels[stackSpecLabel];

  test('that of a task changes with all that makes new tasks, and with nothing else', () => {
    for (const change of [
      'environment: { A: 1 }',
      'ports: ["80:80"]',
      'secrets: [key]',
      'hostname: h',
      'healthcheck: { test: x }',
    ]) {
      assert.notEqual(task(change), task(''), change);
    }
    for (const change of [
      'deploy: { replicas: 3 }',
      'deploy: { placement: { constraints: [a==b] } }',
      'deploy: { update_config: { order: start-first } }',
    ]) {
      assert.equal(task(change), task(''), change);
      assert.notEqual(spec(change), spec(''), change);
    }
  });

  test('another content is another name; the same one is the same', () => {
    const name = (data: string): string | undefined =>
      planned(`services: { web: { image: a, secrets: [key] } }\nsecrets: { key: {} }`, {
        secrets: { key: data },
      }).secrets[0]?.name;
    assert.equal(name('one'), name('one'));
    assert.notEqual(name('one'), name('two'));
  });
});

describe('what services need', () => {
  test('networks that services use, and no others', () => {
    const { networks, externalNetworks } = planned(`
services:
  a: { image: a, networks: [front, shared] }
  b: { image: b }
networks:
  front: { attachable: true, internal: true, driver_opts: { encrypted: "" }, ipam: { config: [{ subnet: 10.7.0.0/24 }] } }
  shared: { external: { name: elsewhere } }
  unused: {}
`);
    assert.deepEqual(externalNetworks, ['elsewhere']);
    assert.deepEqual(
      networks.map(({ name }) => name),
      ['demo_default', 'demo_front'],
    );
    assert.deepEqual(networks[1]?.body, {
      Name: 'demo_front',
      CheckDuplicate: true,
      Driver: 'overlay',
      Scope: 'swarm',
      Internal: true,
      Attachable: true,
      Options: { encrypted: '' },
      Labels: { 'com.docker.stack.namespace': 'demo' },
      IPAM: { Driver: 'default', Config: [{ Subnet: '10.7.0.0/24' }] },
    });
  });

  test('contents: from the inputs, or inline, or a variable; external ones keep their names', () => {
    const text = `
services: { web: { image: a, configs: [given, inline, variable, outside], secrets: [driven] } }
configs:
  given: { file: ./given.conf }
  inline: { content: "a=\${A}" }
  variable: { environment: A, name: named, labels: { x: y }, template_driver: golang }
  outside: { external: true }
secrets:
  driven: { driver: vault, driver_opts: { path: p } }
`;
    const plan = planned(text, { variables: { A: '1' }, configs: { given: 'G' } });
    assert.deepEqual(
      plan.configs.map(({ name, data }) => [name.replace(/_[0-9a-f]{10}$/, '_#'), data]),
      [
        ['demo_given_#', 'G'],
        ['demo_inline_#', 'a=1'],
        ['named_#', '1'],
      ],
    );
    assert.equal(plan.configs[2]?.templateDriver, 'golang');
    assert.deepEqual(plan.secrets[0]?.driver, { Name: 'vault', Options: { path: 'p' } });
    assert.match(plan.secrets[0].name, /^demo_driven_[0-9a-f]{10}$/);
    const names = plan.services[0]?.body.TaskTemplate.ContainerSpec.Configs.map(({ name }) => name);
    assert.equal(names?.includes('outside'), true);
  });

  test('another label or driver is another object: the Engine changes none in place', () => {
    const namesOf = (config: string, secret: string): readonly (string | undefined)[] => {
      const { configs, secrets } = planned(
        `services: { web: { image: a } }\nconfigs: { c: { content: x${config} } }\nsecrets: { s: { driver: vault${secret} } }`,
      );
      return [configs[0]?.name, secrets[0]?.name];
    };
    const [config, secret] = namesOf('', ', driver_opts: { path: p }');
    const [templated, otherSecret] = namesOf(
      ', template_driver: golang',
      ', driver_opts: { path: q }',
    );
    const [labelled] = namesOf(', labels: { a: b }', '');
    assert.equal(new Set([config, templated, labelled]).size, 3);
    assert.notEqual(secret, otherSecret);
    assert.deepEqual(namesOf(', labels: {}', ', driver_opts: { path: p }'), [config, secret]);
  });

  test('contents that the Engine takes in no way, and those that nobody declares', () => {
    const text = 'services: { web: { image: a } }\nsecrets: { key: {} }';
    const faults = (secrets: Record<string, string>): string =>
      faultsOf(text, { secrets }).join('\n');
    assert.match(faults({ key: '' }), /secrets\.key has 0 bytes; the Engine takes 1 to 512000/);
    assert.match(faults({ key: 'x'.repeat(512_001) }), /has 512001 bytes/);
    assert.match(
      faults({ key: 'k', other: 'x' }),
      /secrets\.other is given a content, and no compose file declares it/,
    );
    const long = 'k'.repeat(60);
    assert.match(
      faultsOf(`services: { web: { image: a } }\nsecrets: { ${long}: {} }`, {
        secrets: { [long]: 'x' },
      }).join(),
      /is longer than 64 characters/,
    );
    // Not known yet, in a preview: no fault.
    assert.deepEqual(faultsOf(text, { secrets: { key: null } }), []);
  });
});

test('the application of the document', () => {
  const { base, prod, healthcheck, update } = numbers;
  const plan = planned({ base, prod, healthcheck, update }, { variables: { RELEASE: 'v4' } });
  assert.deepEqual(
    plan.services.map(({ body: { Name, TaskTemplate, Mode } }) => [
      Name,
      TaskTemplate.ContainerSpec.Image,
      Mode,
    ]),
    [
      ['demo_numbers-api', 'diamol/ch08-numbers-api:v4', { Replicated: { Replicas: 6 } }],
      ['demo_numbers-web', 'diamol/ch08-numbers-web:v4', { Global: {} }],
    ],
  );
  assert.deepEqual(
    plan.networks.map(({ name }) => name),
    ['numbers-prod'],
  );
});
