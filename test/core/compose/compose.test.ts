import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { faultsOf, load, loaded } from '../../support/compose/planned';
import { numbers } from '../../support/compose/numbers';

const one = (service: string): string =>
  `services:\n  web:\n    image: web:1\n${service.replace(/^/gm, '    ')}\n`;

describe('variables', () => {
  const image = (template: string, variables: Readonly<Record<string, string>> = {}) => {
    const result = load(`services: { web: { image: ${JSON.stringify(template)} } }`, { variables });
    return 'faults' in result
      ? result.faults.map(({ reason }) => reason).join('; ')
      : result.compose.services['web']?.image;
  };

  test('values, defaults and dollars', () => {
    const table: readonly (readonly [string, string])[] = [
      ['web:$TAG', 'web:2'],
      ['web:${TAG}', 'web:2'],
      ['web:${NONE:-1}', 'web:1'],
      ['web:${NONE-1}', 'web:1'],
      ['web:${EMPTY:-1}', 'web:1'],
      ['web${EMPTY-1}', 'web'],
      ['web:${TAG:-1}', 'web:2'],
      ['web:${TAG:?no tag}', 'web:2'],
      ['web:$TAG-alpine', 'web:2-alpine'],
      ['web:$$TAG', 'web:$TAG'],
      ['web:${tag:-a:b/c}', 'web:a:b/c'],
    ];
    for (const [template, wanted] of table) {
      assert.equal(image(template, { TAG: '2', EMPTY: '' }), wanted, template);
    }
  });

  test('what has no value is a fault, and never the empty text', () => {
    assert.match(String(image('web:$NONE')), /needs the variable NONE, which has no value/);
    assert.match(String(image('web:${NONE:?which one}')), /needs the variable NONE: which one/);
    assert.match(String(image('web:${EMPTY:?which}', { EMPTY: '' })), /needs the variable EMPTY/);
    assert.match(String(image('web:$')), /write `\$\$` for a dollar/);
    assert.match(String(image('web:${A B}')), /write `\$\$` for a dollar/);
    assert.match(String(image('web:${NONE:-$TAG}', { TAG: '1' })), /not supported/);
    // Properties of every object are no variables.
    assert.match(String(image('web:$constructor')), /needs the variable constructor/);
  });

  test('the environment of the process is none of them', () => {
    assert.ok(process.env['PATH'] !== undefined);
    assert.match(String(image('web:$PATH')), /needs the variable PATH/);
  });

  test('a value never reads as more than text, and stands in no fault', () => {
    const variables = { N: '3', BAD: 'hunter2-secret' };
    const service = loaded(one('deploy: { replicas: $N }'), { variables }).services['web'];
    assert.equal(service?.deploy?.replicas, 3);
    const faults = faultsOf(one('deploy: { replicas: $BAD }\nports: ["$BAD"]'), { variables });
    assert.equal(faults.length, 2);
    assert.ok(
      faults.every((fault) => !fault.includes('hunter2')),
      faults.join('\n'),
    );
  });
});

describe('faults', () => {
  const table: readonly (readonly [string, string, RegExp])[] = [
    ['unknown key', one('comand: x'), /^stack\.yml:4:13: services\.web\.comand is not known/],
    ['forbidden key', one('mem_limit: 1g'), /services\.web\.mem_limit .*set `deploy\.resources`/],
    ['top-level key', 'sevices: {}', /^stack\.yml:1:1: sevices is not known in a stack/],
    ['no map', '- a', /is no map of `services`/],
    ['no service', 'version: "3.8"', /declares no service/],
    ['image', 'services: { web: { build: . } }', /services\.web\.image is missing/],
    [
      'port',
      one('ports:\n  - 80\n  - "70000:80"'),
      /^stack\.yml:6:9: services\.web\.ports\[1\] must be a port such as/,
    ],
    [
      'long port',
      one('ports: [{ target: x }]'),
      /services\.web\.ports\[0\]\.target must be a whole number/,
    ],
    ['duration', one('stop_grace_period: 10'), /must be a duration such as 1m30s/],
    [
      'replicas',
      one('deploy: { replicas: -1 }'),
      /deploy\.replicas must be a whole number of 0 or more/,
    ],
    [
      'order',
      one('deploy: { update_config: { order: sideways } }'),
      /must be one of start-first, stop-first/,
    ],
    // The indentation of the document itself.
    [
      'indentation',
      one('deploy:\n  update_config:\n    failure_action:\n    rollback order: start-first'),
      /rollback order.* is not known/,
    ],
    ['environment', one('environment: { A: [1] }'), /must be a map of texts/],
    [
      'network',
      one('networks: [back]'),
      /networks\.back is no network that a compose file declares/,
    ],
    [
      'volume',
      one('volumes: ["data:/d"]'),
      /volumes\[0\] is the volume data, which no compose file declares/,
    ],
    ['relative bind', one('volumes: ["./d:/d"]'), /is a path of the nodes, and must begin with \//],
    ['config', one('configs: [nothing]'), /is the config nothing, which no compose file declares/],
    ['secret content', `${one('')}secrets: { key: {} }`, /secrets\.key has no content/],
    ['env_file', one('env_file: .env'), /env_file names a file whose content was not given/],
    ['duplicate key', 'services: {}\nservices: {}', /^stack\.yml:2:1: Map keys must be unique/],
    ['syntax', 'services: [', /^stack\.yml:1:12: /],
    [
      'health',
      one('healthcheck: { disable: true, test: "true" }'),
      /has both `test` and `disable`/,
    ],
    [
      'global with replicas',
      one('deploy: { mode: global, replicas: 2 }'),
      /has no meaning in the mode global/,
    ],
    [
      'mesh without one',
      one('ports: ["80:80"]\ndeploy: { endpoint_mode: dnsrr }'),
      /which `endpoint_mode: dnsrr` has not/,
    ],
    ['name', 'services: { "w.b": { image: a } }', /no name of a service/],
    [
      'large number',
      one('environment: { A: 12345678901234567890 }'),
      /too large for a number; write it in quotes/,
    ],
    ['service without anything', 'services: { web: }', /services\.web\.image is missing/],
    ['merge of two', one('x-a: 1\nservices: 1'), /services\.web\.services is not known/],
  ];
  for (const [name, text, wanted] of table) {
    test(name, () => {
      const faults = faultsOf(text);
      assert.ok(
        faults.some((fault) => wanted.test(fault)),
        `${String(wanted)}\n${faults.join('\n')}`,
      );
    });
  }

  test('all of all files at once, each where it stands', () => {
    const faults = faultsOf({
      'a.yml': 'services:\n  web: { image: 1.5, cmd: x }',
      'b.yml': 'services:\n  db:\n    images: db',
    });
    assert.deepEqual(
      faults.map((fault) => fault.split(': ')[0]),
      ['a.yml:2:17', 'a.yml:2:27', 'b.yml:3:13'],
    );
  });

  test('two services on one port of the mesh', () => {
    const service = '{ image: a, ports: ["80:80"] }';
    assert.match(
      faultsOf(`services: { a: ${service}, b: ${service} }`).join(),
      /services\.b\.ports publishes 80\/tcp, as the service a does/,
    );
  });

  test('a port for one address, which a swarm would publish on all', () => {
    assert.deepEqual(faultsOf(one('ports: ["127.0.0.1:5432:5432"]')), [
      'stack.yml:4:5: services.web.ports are to publish 5432 on 127.0.0.1 alone, and a swarm publishes on every address of its nodes; take the address out if that is meant, else the port',
    ]);
    assert.deepEqual(faultsOf(one('ports: ["0.0.0.0:5432:5432"]')), []);
  });

  test('options of a mount that nobody would heed', () => {
    const faults = faultsOf(
      one('volumes: [{ type: tmpfs, target: /t, tmpfs: { size: 1m, mode: 448 } }]'),
    );
    assert.match(faults.join(), /volumes\[0\]\.tmpfs\.mode is not known in a stack/);
    const bind = one(
      'volumes: [{ type: bind, source: /a, target: /b, bind: { create_host_path: true } }]',
    );
    assert.deepEqual(faultsOf(bind), []);
    assert.match(
      faultsOf(
        one('volumes: [{ type: volume, target: /b, bind: { propagation: shared } }]'),
      ).join(),
      /volumes\[0\] has options of a bind, and is a volume/,
    );
  });

  test('an address in a network has no effect', () => {
    const result = load(
      `${one('networks: { default: { ipv4_address: 10.0.0.9 } }')}\nnetworks: { default: {} }`,
    );
    assert.ok('warnings' in result);
    assert.match(
      result.warnings.join(),
      /services\.web\.networks\.default\.ipv4_address has no effect in a stack/,
    );
  });

  test('what has no effect is said, where it stands', () => {
    const result = load(one('build: .\ndepends_on: [db]\ncontainer_name: x'));
    assert.ok('warnings' in result);
    assert.deepEqual(result.warnings, [
      'stack.yml:4:12: services.web.build has no effect in a stack',
      'stack.yml:6:21: services.web.container_name has no effect in a stack',
      'stack.yml:5:5: services.web.depends_on has no effect in a stack',
    ]);
  });
});

describe('environment', () => {
  test('files first, then what is declared; a name alone has the variable of its name', () => {
    const text = one('env_file: [a.env, b.env]\nenvironment: [B=own, C, D=]');
    const { services } = loaded(text, {
      variables: { C: 'of variable', D: 'filled' },
      envFiles: { 'a.env': 'A=1\nB=1\n', 'b.env': 'A=2\nE' },
    });
    assert.deepEqual(services['web']?.environment, {
      A: '2',
      B: 'own',
      C: 'of variable',
      D: 'filled',
    });
    assert.equal(services['web'].env_file, undefined);
  });
});

describe('files that are merged', () => {
  test('the application of the document: base, production, health checks, updates, a bad version', () => {
    const { base, prod, healthcheck, update, bad } = numbers;
    const { services, networks } = loaded({ base, prod, healthcheck, update, bad });
    const api = services['numbers-api'];
    assert.equal(api?.image, 'diamol/ch08-numbers-api:v5-bad');
    assert.equal(api.deploy?.replicas, 6);
    assert.deepEqual(api.command, ['dotnet', 'Missing.dll']);
    assert.equal(api.healthcheck?.start_period, 5e9);
    assert.equal(api.deploy.update_config?.monitor, 60e9);
    assert.equal(api.deploy.resources?.limits?.memory, 75 * 2 ** 20);
    const web = services['numbers-web'];
    assert.deepEqual(web?.ports, [{ target: 80, published: 80, protocol: 'tcp', mode: 'host' }]);
    assert.equal(web.deploy?.resources?.limits?.cpus, 75e7);
    assert.equal(web.deploy.update_config?.failure_action, 'rollback');
    assert.equal(networks['app-net']?.name, 'numbers-prod');
    assert.deepEqual(faultsOf({ base, prod, healthcheck, update, bad }), []);
  });

  test('what `docker-compose config` writes is the same stack', () => {
    const { base, prod, configured } = numbers;
    const merged = loaded({ base, prod }).services;
    const { 'numbers-api': api, 'numbers-web': web } = loaded(configured).services;
    assert.deepEqual(api?.deploy?.resources, merged['numbers-api']?.deploy?.resources);
    assert.deepEqual(web?.ports, merged['numbers-web']?.ports);
    assert.deepEqual(web?.environment, merged['numbers-web']?.environment);
    assert.deepEqual(faultsOf(configured), []);
  });

  const web = (...services: readonly string[]) =>
    loaded(
      Object.fromEntries(services.map((service, index) => [`${String(index)}.yml`, one(service)])),
    ).services['web'];

  test('lists are appended, maps merged, commands replaced', () => {
    const merged = web(
      'command: a b\ncap_add: [A]\nlabels: { x: 1, y: 1 }\ndns: 10.0.0.1\nentrypoint: e',
      'command: c\ncap_add: [B]\nlabels: [y=2, z]\ndns: [10.0.0.2]\nentrypoint: []',
    );
    assert.deepEqual(merged?.command, ['c']);
    assert.deepEqual(merged.entrypoint, ['e']);
    assert.deepEqual(merged.cap_add, ['A', 'B']);
    assert.deepEqual(merged.labels, { x: '1', y: '2', z: '' });
    assert.deepEqual(merged.dns, ['10.0.0.1', '10.0.0.2']);
  });

  test('ports, volumes, secrets: the later one of the same published port, target or source', () => {
    const merged = web(
      'ports: ["53:53/udp", "53:53/tcp", "80:80"]\nvolumes: ["/a:/d", "/b:/e"]\nsecrets: [key]',
      'ports: ["80:8080"]\nvolumes: ["/c:/d:ro"]\nsecrets: [{ source: key, target: other }]',
    );
    assert.deepEqual(
      merged?.ports?.map(({ published, target, protocol }) => [published, target, protocol]),
      [
        [53, 53, 'udp'],
        [53, 53, 'tcp'],
        [80, 8080, 'tcp'],
      ],
    );
    assert.deepEqual(
      merged.volumes?.map(({ source, target }) => [source, target]),
      [
        ['/b', '/e'],
        ['/c', '/d'],
      ],
    );
    assert.deepEqual(merged.secrets, [{ source: 'key', target: 'other' }]);
  });

  test('what is said later wins also when it is false, 0 or another test', () => {
    const merged = web(
      'read_only: true\ninit: true\ndeploy: { replicas: 3 }\nhealthcheck: { test: a, retries: 2 }',
      'read_only: false\ninit: false\ndeploy: { replicas: 0 }\nhealthcheck: { test: b }',
    );
    assert.equal(merged?.read_only, false);
    assert.equal(merged.init, false);
    assert.equal(merged.deploy?.replicas, 0);
    assert.deepEqual(merged.healthcheck, { test: ['CMD-SHELL', 'b'], retries: 2 });
    const off = web('healthcheck: { test: a }', 'healthcheck: { disable: true }');
    assert.deepEqual(off?.healthcheck, { disable: true });
    const on = web('healthcheck: { disable: true }', 'healthcheck: { test: a }');
    assert.deepEqual(on?.healthcheck, { test: ['CMD-SHELL', 'a'] });
  });

  test('logging: options of another driver do not stay', () => {
    const base = 'logging: { driver: syslog, options: { a: 1, b: 1 } }';
    assert.deepEqual(web(base, 'logging: { options: { b: 2 } }')?.logging, {
      driver: 'syslog',
      options: { a: '1', b: '2' },
    });
    assert.deepEqual(web(base, 'logging: { driver: journald, options: { c: 1 } }')?.logging, {
      driver: 'journald',
      options: { c: '1' },
    });
  });
});
