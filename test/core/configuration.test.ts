import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { configurationSchema, parseConfiguration } from '../../core/configuration';
import { forHostileTexts, forSpoiltJson } from './support/hostileText';

/** The demo's own configuration, as the program reads it. */
const demo = {
  lab: { name: 'demo', subnet: '10.88.0.0/24' },
  os: 'debian:12',
  managers: [
    { name: 'm1', address: '10.88.0.11' },
    { name: 'm2', address: '10.88.0.12' },
    { name: 'm3', address: '10.88.0.13' },
  ],
  workers: [
    { name: 'w1', address: '10.88.0.21' },
    { name: 'w2', address: '10.88.0.22' },
  ],
  vip: { addresses: ['10.88.0.100/24'], routerId: 88 },
  allowDestroy: true,
};

/** Existing hosts, with everything that can be said of a cluster. */
const hosts = {
  connection: { user: 'debian', port: 2222, privateKeyFile: '~/.ssh/id_ed25519', hostKey: 'x' },
  engine: {
    version: '26.1.5',
    images: [{ reference: 'web:1', path: '/srv/web.tar', sha256: 'a'.repeat(64) }],
  },
  managers: [
    {
      name: 'm1',
      address: 'fd00::11',
      os: 'debian:13',
      engine: { version: '26.1' },
      labels: { zone: 'a' },
      availability: 'drain',
      onLocalData: 'keep',
      previousName: 'old',
      connection: { host: 'm1.example.org' },
    },
  ],
  maxUnavailable: '10%',
  addressPools: ['10.200.0.0/16'],
  subnetSize: 24,
  adopt: 'abc',
  backup: { directory: '~/backups' },
  autolock: true,
  unlockKey: 'SWMKEY-1-abc',
  recoverFrom: 'm1@0123456789abcdef',
  lost: ['m2'],
  timeouts: { gate: 60, drain: 0.5 },
  services: [
    {
      name: 'web',
      image: 'web:1',
      command: ['/web'],
      environment: { PORT: '80' },
      global: true,
      constraints: ['node.role == worker'],
      ports: [{ target: 80, published: 8080, protocol: 'tcp', mode: 'host' }],
      endpointMode: 'dnsrr',
      stopGraceSeconds: 0,
      labels: { a: 'b' },
    },
  ],
  stacks: [
    {
      name: 'shop',
      files: ['compose.yml'],
      compose: ['services: {}'],
      variables: { RELEASE: '4' },
      secretVariables: { TOKEN: 'hush' },
      configs: { settings: 'a=1' },
      secrets: { key: 'hush' },
      onFailure: 'rollback',
      checkPlacement: false,
      adopt: true,
      timeouts: { converge: 60, blocked: 10 },
    },
  ],
};

function faults(raw: unknown): readonly string[] {
  const result = parseConfiguration(raw);
  return 'failures' in result
    ? result.failures.map(({ property, reason }) => `${property}: ${reason}`)
    : [];
}

const rootKeys = Object.keys(configurationSchema.shape).join(', ');
const nodeKeys =
  'name, address, os, engine, labels, availability, onLocalData, previousName, drain, hooks, connection';

describe('parseConfiguration: what is valid', () => {
  for (const [what, raw] of Object.entries({ demo, hosts })) {
    it(`gives back what was declared: ${what}`, () => {
      assert.deepEqual(parseConfiguration(raw), { configuration: raw });
    });
  }
});

/** The demo with one thing changed, and the one fault that this makes. */
const rows: readonly [string, unknown, string][] = [
  ['no map at all', 'demo', 'configuration: "demo" is not a map; give a map'],
  ['no managers', { lab: demo.lab }, 'managers: is missing; give a list'],
  [
    'an empty list of managers',
    { ...demo, managers: [] },
    'managers: is empty; declare one manager, or better three',
  ],
  ['a list that is none', { ...demo, workers: 'w1' }, 'workers: "w1" is not a list; give a list'],
  [
    'an unknown key',
    { ...demo, manager: [] },
    `manager: is not a known key; remove it, or use one of ${rootKeys}`,
  ],
  [
    'an unknown key of a node',
    { ...demo, workers: [{ ...demo.workers[0], adress: 'x' }] },
    `workers[0].adress: is not a known key; remove it, or use one of ${nodeKeys}`,
  ],
  [
    'an unknown key with a strange name',
    { ...demo, 'a.b': 1 },
    `["a.b"]: is not a known key; remove it, or use one of ${rootKeys}`,
  ],
  [
    'a node without an address',
    { ...demo, workers: [{ name: 'w1' }] },
    'workers[0].address: is missing; give a text',
  ],
  [
    'a node that is a name only',
    { ...demo, workers: ['w1'] },
    'workers[0]: "w1" is not a map; give a map',
  ],
  [
    'two keys for one login',
    { ...hosts, connection: { ...hosts.connection, privateKey: 'x' } },
    'connection: it has both privateKey and privateKeyFile; give one of them',
  ],
  [
    'a version that YAML takes for a number',
    { ...demo, engine: { version: 26.1 } },
    'engine.version: 26.1 is no text; write it in quotes',
  ],
  [
    'an unlock key that is none, which may be one half-way',
    { ...demo, unlockKey: 'correct-horse' },
    'unlockKey: a string is no unlock key; give one such as SWMKEY-1-…',
  ],
  [
    'a version that is none',
    { ...demo, engine: { version: 'latest' } },
    'engine.version: "latest" is no engine version; give one such as "26.1.5"',
  ],
  [
    'a label that YAML takes for a truth value',
    { ...demo, workers: [{ ...demo.workers[0], labels: { 'com.example.ssd': true } }] },
    'workers[0].labels["com.example.ssd"]: true is no text; write it in quotes',
  ],
  [
    'a choice that there is not',
    { ...demo, workers: [{ ...demo.workers[0], availability: 'off' }] },
    'workers[0].availability: "off" is not possible; choose one of active, pause, drain',
  ],
  [
    'a time that is none',
    { ...demo, timeouts: { drain: 0 } },
    'timeouts.drain: 0 is too small; give a number above 0',
  ],
  [
    'a port that is none',
    { ...demo, services: [{ name: 'web', image: 'web:1', ports: [{ target: 0, published: 80 }] }] },
    'services[0].ports[0].target: 0 is too small; give a number from 1',
  ],
  [
    'a port too large',
    {
      ...demo,
      services: [{ name: 'web', image: 'web:1', ports: [{ target: 80, published: 70_000 }] }],
    },
    'services[0].ports[0].published: 70000 is too large; give a number up to 65535',
  ],
  [
    'part of a replica',
    { ...demo, services: [{ name: 'web', image: 'web:1', replicas: 1.5 }] },
    'services[0].replicas: 1.5 is not a whole number; give a whole number',
  ],
  [
    'a checksum that is none',
    { ...demo, engine: { images: [{ reference: 'web:1', path: '/w', sha256: 'abc' }] } },
    'engine.images[0].sha256: "abc" is no SHA-256; give its 64 hexadecimal digits',
  ],
  [
    'a password of VRRP that is no text: not shown',
    { ...demo, vip: { ...demo.vip, vrrpVersion: 2, password: 20261121 } },
    'vip.password: a number is no text; write it in quotes',
  ],
  [
    'a password of VRRP that is too long: not shown',
    { ...demo, vip: { ...demo.vip, vrrpVersion: 2, password: 'hunter2hunter2' } },
    'vip.password: is no password of VRRP version 2; give 1 to 8 letters, digits and characters of _ . : + = -',
  ],
  [
    'a password for a version that has none',
    { ...demo, vip: { ...demo.vip, password: 'hunter2' } },
    'vip.password: VRRP version 3 has none; leave it out, or give `vrrpVersion: 2`',
  ],
  [
    'a version of VRRP that there is not',
    { ...demo, vip: { ...demo.vip, vrrpVersion: 4 } },
    'vip.vrrpVersion: 4 is no version of VRRP; choose 2 or 3',
  ],
  [
    'advertisements that version 2 cannot carry',
    { ...demo, vip: { ...demo.vip, vrrpVersion: 2, advertisementSeconds: 0.2 } },
    'vip.advertisementSeconds: 0.2 is no whole number of seconds within 1–255, as VRRP version 2 wants',
  ],
  [
    'a check of two things',
    { ...demo, vip: { ...demo.vip, checks: [{ tcp: 80, http: 80 }] } },
    'vip.checks[0]: has both tcp and http; make them checks of their own',
  ],
  [
    'a check’s command as a line for a shell',
    { ...demo, vip: { ...demo.vip, checks: [{ command: ['/bin/sh', '-c', 'true && true'] }] } },
    'vip.checks[0].command[2]: "true && true" has characters that keepalived gives a meaning of its own; use letters, digits and _ . / : = @ , + % -, or write a script on the nodes and give its path',
  ],
  ['a key left empty', { ...demo, vip: null }, 'vip: an empty value is not a map; give a map'],
  [
    'a virtual IP without a router ID',
    { ...demo, vip: { addresses: ['10.88.0.100/24'] } },
    'vip.routerId: is missing; give a number',
  ],
  [
    'somebody to stand in who is no worker',
    { ...demo, standIn: 'm1' },
    'standIn: "m1" is no declared worker; give true, or one of w1, w2',
  ],
  [
    'somebody to stand in where there is no worker',
    { ...demo, workers: [], standIn: true },
    'standIn: asks for a worker to stand in, and no worker is declared; declare one, or leave it out',
  ],
  [
    'an outage without a place for the swarm',
    { ...demo, allowOutage: true },
    'allowOutage: needs a place for the swarm while its only manager is rebuilt; declare backup.directory, or leave it out',
  ],
  [
    'standIn as a number',
    { ...demo, standIn: 1 },
    'standIn: 1 is no worker; give true, or the name of the one that stands in',
  ],
  [
    'maxUnavailable as a truth value',
    { ...demo, maxUnavailable: true },
    'maxUnavailable: true is no number of workers; give a whole number from 1, or a percentage such as "10%"',
  ],
  [
    'a previous name that is the present one',
    { ...demo, workers: [{ ...demo.workers[0], previousName: 'w1' }] },
    'workers[0].previousName: "w1" is the node\'s present name; leave it out, or give the name that it had before',
  ],
  [
    'a previous name that is no host name',
    { ...demo, workers: [{ ...demo.workers[0], previousName: 'w_1' }] },
    'workers[0].previousName: "w_1" is no host name; give the name that the node had before',
  ],
  [
    'a pool that is no subnet',
    { ...demo, addressPools: ['10.200.0.0/16', 'ten'] },
    'addressPools[1]: "ten" is no subnet; give one such as 10.200.0.0/16',
  ],
  [
    'a service twice',
    {
      ...demo,
      services: [
        { name: 'web', image: 'web:1' },
        { name: 'web', image: 'web:2' },
      ],
    },
    'services[1].name: "web" is used by services[0] already; give each service one of its own',
  ],
  [
    'a stack twice',
    {
      ...demo,
      stacks: [
        { name: 'shop', files: ['a.yml'] },
        { name: 'shop', compose: ['services: {}'] },
      ],
    },
    'stacks[1].name: "shop" is used by stacks[0] already; give each stack one of its own',
  ],
  [
    'a stack of nothing',
    { ...demo, stacks: [{ name: 'shop' }] },
    'stacks[0]: has no compose file; give it `files` or `compose`',
  ],
  [
    'a variable that is secret and is not',
    {
      ...demo,
      stacks: [{ name: 's', files: ['a'], variables: { A: '1' }, secretVariables: { A: '2' } }],
    },
    'stacks[0].secretVariables["A"]: is in `variables` as well; give it in one of them',
  ],
  [
    'replicas of a global service',
    { ...demo, services: [{ name: 'web', image: 'web:1', global: true, replicas: 2 }] },
    'services[0].replicas: has no meaning for a global service; leave out `global` or `replicas`',
  ],
  [
    'a service’s label of ours',
    {
      ...demo,
      services: [{ name: 'web', image: 'web:1', labels: { 'com.pulumi.swarm.service': 'x' } }],
    },
    'services[0].labels["com.pulumi.swarm.service"]: the name is reserved, since com.pulumi.swarm.* belongs to this package; choose another one',
  ],
  [
    'a lab’s subnet that is none',
    { ...demo, lab: { subnet: '10.88.0.0' } },
    'lab.subnet: "10.88.0.0" is no subnet for a lab; give an IPv4 network of /16 to /29, such as 10.88.0.0/24',
  ],
  [
    'a lab’s subnet too small',
    { ...demo, lab: { subnet: '10.88.0.0/30' } },
    'lab.subnet: "10.88.0.0/30" is no subnet for a lab; give an IPv4 network of /16 to /29, such as 10.88.0.0/24',
  ],
  [
    'a machine outside the lab’s subnet',
    { ...demo, workers: [{ name: 'w1', address: '10.89.0.21' }] },
    'workers[0].address: "10.89.0.21" is not in the lab\'s subnet 10.88.0.0/24; choose one in it',
  ],
  [
    'a machine at the bridge’s address',
    { ...demo, workers: [{ name: 'w1', address: '10.88.0.1' }] },
    'workers[0].address: "10.88.0.1" is the network\'s, the bridge\'s or the broadcast address of 10.88.0.0/24; choose another',
  ],
  [
    'a virtual IP outside the lab’s subnet',
    { ...demo, vip: { ...demo.vip, addresses: ['10.89.0.100/24'] } },
    'vip.addresses[0]: "10.89.0.100" is not in the lab\'s subnet 10.88.0.0/24; choose one in it',
  ],
  [
    'a virtual IP that is a node’s',
    { ...demo, vip: { ...demo.vip, addresses: ['10.88.0.11/24'] } },
    'vip.addresses[0]: "10.88.0.11/24" is the address of managers[0]; choose one that no machine has, since it moves between the managers',
  ],
  [
    'a machine of a lab without an OS',
    {
      ...demo,
      os: undefined,
      managers: [{ ...demo.managers[0], os: 'debian:12' }],
      workers: [demo.workers[1]],
    },
    'workers[0].os: is missing; a machine of a lab needs one, such as debian:13, here or for all',
  ],
  [
    'a connection beside a lab',
    { ...demo, connection: { user: 'root' } },
    'connection: has no meaning in a lab, whose own records say how a machine is reached; leave out `lab` or `connection`',
  ],
  [
    'a connection of a machine of a lab',
    { ...demo, workers: [{ ...demo.workers[0], connection: { host: 'w1' } }] },
    'workers[0].connection: has no meaning in a lab, whose own records say how a machine is reached; leave it out',
  ],
  [
    'local data to keep in a lab',
    { ...demo, workers: [{ ...demo.workers[0], onLocalData: 'keep' }] },
    'workers[0].onLocalData: "keep" is not possible in a lab, whose machines are rebuilt with all that is on them; choose "discard"',
  ],
];

describe('parseConfiguration: one fault, one sentence with its path', () => {
  for (const [what, raw, expected] of rows) {
    it(what, () => {
      assert.deepEqual(faults(raw), [expected]);
    });
  }
});

it('every fault of a configuration is told at once, whether a single key shows it or not', () => {
  const raw = {
    lab: { name: 'demo', subnet: '10.88.0.0/24', size: 3 },
    engine: { version: 26, images: [{ reference: 'web:1', path: '/w', sha256: 'abc', tag: 'x' }] },
    managers: [
      { name: 'm1', address: '10.88.0.11', os: 'debian:12' },
      { name: 'm1', address: '10.88.0.11', labels: { 'com.pulumi.swarm.os': 'x' } },
      'm3',
      { name: 'm_4', address: '10.88.0', os: 'debian:12', lables: {} },
    ],
    workers: [
      { name: 7, address: '10.99.0.21', os: 'debian:12', availability: 'off' },
      { address: '10.88.0.12', os: 'debian:12', connection: { port: 0, pasword: 'hunter2' } },
    ],
    vip: { addresses: ['10.88.0.12/24', '10.88.0.100', 5], routerId: 0, priority: 1 },
    maxUnavailable: '0%',
    timeouts: { drain: '60s', wait: 1 },
    services: [{ name: 'web', ports: [{ target: 80, published: 80, mode: 'nat', host: 1 }] }],
    worker: [],
  };
  const reserved =
    'the name is reserved, since com.pulumi.swarm.* belongs to this package; choose another one';
  assert.deepEqual(
    [...faults(raw)].sort(),
    [
      'lab.size: is not a known key; remove it, or use one of name, subnet, prepareImages',
      'engine.version: 26 is no text; write it in quotes',
      'engine.images[0].sha256: "abc" is no SHA-256; give its 64 hexadecimal digits',
      'engine.images[0].tag: is not a known key; remove it, or use one of reference, path, sha256',
      'managers[1].name: "m1" is used by managers[0] already; give each node one of its own',
      'managers[1].address: "10.88.0.11" is used by managers[0] already; give each node one of its own',
      `managers[1].labels["com.pulumi.swarm.os"]: ${reserved}`,
      'managers[1].os: is missing; a machine of a lab needs one, such as debian:13, here or for all',
      'managers[2]: "m3" is not a map; give a map',
      'managers[3].name: "m_4" is no host name; use letters, digits and hyphens, at most 63, with no hyphen at either end',
      'managers[3].address: "10.88.0" is no IP address; write one out, such as 10.88.0.11',
      `managers[3].lables: is not a known key; remove it, or use one of ${nodeKeys}`,
      'workers[0].name: 7 is no text; write it in quotes',
      'workers[0].address: "10.99.0.21" is not in the lab\'s subnet 10.88.0.0/24; choose one in it',
      'workers[0].availability: "off" is not possible; choose one of active, pause, drain',
      'workers[1].name: is missing; give a text',
      'workers[1].connection: has no meaning in a lab, whose own records say how a machine is reached; leave it out',
      'workers[1].connection.port: a number is too small; give a number from 1',
      'workers[1].connection.pasword: is not a known key; remove it, or use one of host, port, user, privateKey, privateKeyFile, privateKeyPassword, password, agentSocketPath, hostKey',
      'vip.addresses[0]: "10.88.0.12/24" is the address of workers[1]; choose one that no machine has, since it moves between the managers',
      'vip.addresses[1]: "10.88.0.100" is no address with a prefix length; write it out, such as 10.88.0.100/24',
      'vip.addresses[2]: 5 is no text; write it in quotes',
      'vip.routerId: 0 is no VRRP router ID; choose a whole number from 1 to 255 that nobody else in the network uses',
      'vip.priority: is not a known key; remove it, or use one of addresses, routerId, interface, advertisementSeconds, vrrpVersion, password, unicast, trackNode, checks, notify, balance, allowGap, preferred',
      'maxUnavailable: "0%" is no number of workers; give a whole number from 1, or a percentage such as "10%"',
      'timeouts.drain: "60s" is not a number; give a number',
      'timeouts.wait: is not a known key; remove it, or use one of gate, drain, demote, leave, join, ready, services',
      'services[0].image: is missing; give a text',
      'services[0].ports[0].mode: "nat" is not possible; choose one of host, ingress',
      'services[0].ports[0].host: is not a known key; remove it, or use one of target, published, protocol, mode',
      `worker: is not a known key; remove it, or use one of ${rootKeys}`,
    ].sort(),
  );
});

describe('parseConfiguration: any input', () => {
  it('never shows the value of a secret, wherever it was put', () => {
    const secret = 8_675_309;
    const shown = faults({
      connection: {
        privateKey: secret,
        password: [String(secret)],
        privateKeyPassword: { text: secret },
        host: secret,
        passphrase: secret,
      },
      managers: [{ name: 'm1', address: '10.88.0.11', connection: String(secret) }],
      services: [{ name: 'web', image: 'web:1', environment: { TOKEN: secret } }],
      stacks: [{ name: 's', secrets: { key: secret }, secretVariables: { TOKEN: [secret] } }],
      password: secret,
    });
    assert.ok(shown.length >= 8);
    assert.ok(shown.every((line) => !line.includes(String(secret))));
  });

  it('gives faults with a path and a sentence, or a configuration, and never throws', () => {
    const values = fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true });
    const keys = fc.constantFrom(...Object.keys({ ...demo, ...hosts }), '__proto__', 'constructor');
    fc.assert(
      fc.property(fc.oneof(values, fc.dictionary(keys, values)), (raw) => {
        const result = parseConfiguration(raw);
        if ('configuration' in result) return;
        assert.ok(result.failures.length > 0);
        for (const { property, reason } of result.failures) {
          assert.notEqual(property, '');
          assert.match(reason, /; /);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('takes one broken value anywhere in a valid configuration for one fault at its place', () => {
    const places: readonly [string, (value: unknown) => unknown][] = [
      ['os', (os) => ({ ...demo, os })],
      ['lab.subnet', (subnet) => ({ ...demo, lab: { subnet } })],
      ['managers[1].name', (name) => withManager({ name })],
      ['managers[1].address', (address) => withManager({ address })],
      ['managers[1].os', (os) => withManager({ os })],
      ['managers[1].labels', (labels) => withManager({ labels })],
      ['vip.routerId', (routerId) => ({ ...demo, vip: { ...demo.vip, routerId } })],
      ['vip.addresses[0]', (address) => ({ ...demo, vip: { ...demo.vip, addresses: [address] } })],
      ['vip', (vip) => ({ ...demo, vip })],
      ['allowDestroy', (allowDestroy) => ({ ...demo, allowDestroy })],
    ];
    for (const [path, put] of places) {
      for (const value of [[], null, [1], Number.NaN]) {
        const found = faults(put(value));
        assert.equal(found.length, 1, `${path}: ${found.join(' | ')}`);
        assert.ok((found[0] ?? '').startsWith(`${path}: `), found[0]);
      }
    }
  });

  it('tells of any spoilt value with its path, and never throws', () => {
    const small = {
      lab: { subnet: '10.88.0.0/24' },
      os: 'debian:12',
      engine: { version: '26.1' },
      managers: [{ name: 'm1', address: '10.88.0.11', labels: { a: 'b' } }],
      workers: [{ name: 'w1', address: '10.88.0.21', onLocalData: 'discard' }],
      vip: { addresses: ['10.88.0.100/24'], routerId: 88, interface: 'eth0' },
      maxUnavailable: '10%',
      timeouts: { gate: 5 },
      services: [
        { name: 'web', image: 'web:1', replicas: 2, ports: [{ target: 80, published: 80 }] },
      ],
    };
    assert.deepEqual(faults(small), []);
    let refused = 0;
    forSpoiltJson(small, (text) => {
      const found = faults(JSON.parse(text) as Record<string, unknown>);
      if (found.length > 0) refused += 1;
      for (const one of found) assert.match(one.slice(0, 200), /^[\w"[\].$ -]+: \S/);
    });
    assert.ok(refused > 300, String(refused));
  });

  it('reads hostile text at any place without throwing', () => {
    forHostileTexts((text) => {
      const found = faults({
        ...demo,
        os: text,
        lab: { subnet: text },
        managers: [{ name: text, address: text, labels: { [text]: text }, previousName: text }],
        vip: { addresses: [text], routerId: 1 },
        maxUnavailable: text,
        [text]: text,
      });
      assert.ok(found.every((line) => line.length < 2000));
    });
  });
});

function withManager(over: Readonly<Record<string, unknown>>): unknown {
  const [first, second, third] = demo.managers;
  return { ...demo, managers: [first, { ...second, ...over }, third] };
}
