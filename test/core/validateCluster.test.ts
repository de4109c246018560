import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { quoted } from '../../core/quoted';
import { validateCluster } from '../../core/validateCluster';
import type { ClusterDeclaration, DeclaredNode } from '../../core/validateCluster';

const m1: DeclaredNode = { name: 'm1', address: '10.88.0.11' };
const m2: DeclaredNode = { name: 'm2', address: '10.88.0.12' };
const w1: DeclaredNode = { name: 'w1', address: '10.88.0.21' };
const vip = { addresses: ['10.88.0.100/24'], routerId: 88 };
const valid: ClusterDeclaration = { managers: [m1, m2], workers: [w1], vip, maxUnavailable: '10%' };

function faults(over: ClusterDeclaration): readonly string[] {
  return validateCluster({ ...valid, ...over }).map(
    ({ property, reason }) => `${property}: ${reason}`,
  );
}

function managers(count: number): readonly DeclaredNode[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `m${String(index)}`,
    address: `10.88.1.${String(index)}`,
  }));
}

const hostname = 'use letters, digits and hyphens, at most 63, with no hyphen at either end';
const rows: readonly [string, ClusterDeclaration, readonly string[]][] = [
  ['nothing wrong', {}, []],
  ['a recovery', { recoverFrom: 'm2@0123456789abcdef' }, []],
  [
    'a recovery without a token',
    { recoverFrom: 'm2' },
    [
      'recoverFrom: "m2" is no NAME@TOKEN; take the one that `pulumi preview` prints when the quorum is lost',
    ],
  ],
  [
    'a recovery from a worker',
    { recoverFrom: 'w1@0123456789abcdef' },
    [
      'recoverFrom: "w1@0123456789abcdef" names w1, which is no declared manager; take the one that `pulumi preview` prints when the quorum is lost',
    ],
  ],
  ['one manager', { managers: [m1], workers: [] }, []],
  ['seven managers', { managers: managers(7) }, []],
  ['no manager', { managers: [] }, ['managers: is empty; declare one manager, or better three']],
  [
    'eight managers',
    { managers: managers(8) },
    ['managers: has 8 entries, and Docker recommends at most 7; declare the others as workers'],
  ],
  [
    'a name that is no host name',
    { managers: [{ ...m1, name: 'm_1' }] },
    [`managers[0].name: "m_1" is no host name; ${hostname}`],
  ],
  [
    'a name used twice, also across lists and in capitals',
    { managers: [m1, { ...m2, name: 'm1' }], workers: [{ ...w1, name: 'M1' }] },
    [
      'managers[1].name: "m1" is used by managers[0] already; give each node one of its own',
      'workers[0].name: "M1" is used by managers[0] already; give each node one of its own',
    ],
  ],
  [
    'an address that is no IP address',
    { workers: [{ ...w1, address: 'w1.example.org' }] },
    ['workers[0].address: "w1.example.org" is no IP address; write one out, such as 10.88.0.11'],
  ],
  [
    'an address used twice, written differently',
    {
      managers: [
        { ...m1, address: 'fd00::11' },
        { ...m2, address: 'FD00:0:0:0:0:0:0:11' },
      ],
    },
    [
      'managers[1].address: "FD00:0:0:0:0:0:0:11" is used by managers[0] already; give each node one of its own',
    ],
  ],
  [
    'a label of ours',
    { managers: [{ ...m1, labels: { 'com.pulumi.swarm.os': 'x', zone: 'a' } }] },
    [
      'managers[0].labels["com.pulumi.swarm.os"]: the name is reserved, since com.pulumi.swarm.* belongs to this package; choose another one',
    ],
  ],
  [
    'a virtual IP without an address',
    { vip: { ...vip, addresses: [] } },
    ['vip.addresses: is empty; give an address with its prefix length, such as 10.88.0.100/24'],
  ],
  [
    'a virtual IP that prefers who is no manager',
    { vip: { ...vip, preferred: 'w1' } },
    ['vip.preferred: "w1" is no manager; give the name of one of m1, m2, or stay'],
  ],
  [
    'a virtual IP without a prefix length',
    { vip: { ...vip, addresses: ['10.88.0.100'] } },
    [
      'vip.addresses[0]: "10.88.0.100" is no address with a prefix length; write it out, such as 10.88.0.100/24',
    ],
  ],
  [
    'a virtual IP that is a node’s',
    { vip: { ...vip, addresses: ['10.88.0.100/24', '10.88.0.21/24'] } },
    [
      'vip.addresses[1]: "10.88.0.21/24" is the address of workers[0]; choose one that no machine has, since it moves between the managers',
    ],
  ],
  [
    'a virtual IP given twice',
    { vip: { ...vip, addresses: ['10.88.0.100/24', '10.88.0.100/16'] } },
    ['vip.addresses[1]: "10.88.0.100/16" is given by vip.addresses[0] already; leave one out'],
  ],
  ...[0, 256, -1, 1.5, Number.NaN].map((routerId): [string, ClusterDeclaration, string[]] => [
    `the router ID ${String(routerId)}`,
    { vip: { ...vip, routerId } },
    [
      `vip.routerId: ${String(routerId)} is no VRRP router ID; choose a whole number from 1 to 255 that nobody else in the network uses`,
    ],
  ]),
  ...[0, -1, 1.5, '', 'x', '0%', '-1', '1.5', '10%%', '010'].map(
    (maxUnavailable): [string, ClusterDeclaration, string[]] => [
      `maxUnavailable ${JSON.stringify(maxUnavailable)}`,
      { maxUnavailable },
      [
        `maxUnavailable: ${JSON.stringify(maxUnavailable)} is no number of workers; give a whole number from 1, or a percentage such as "10%"`,
      ],
    ],
  ),
  ...[1, 25, '1', '10%', '10 %', '100%'].map((maxUnavailable): [string, ClusterDeclaration, []] => [
    `maxUnavailable ${JSON.stringify(maxUnavailable)}, which is fine`,
    { maxUnavailable },
    [],
  ]),
  [
    'an outage without a place for the swarm',
    { allowOutage: true },
    [
      'allowOutage: needs a place for the swarm while its only manager is rebuilt; declare backup.directory, or leave it out',
    ],
  ],
  ['an outage with one', { allowOutage: true, backup: { directory: 'x' } }, []],
  ['no outage', { allowOutage: false }, []],
  [
    'what could not be read, of which somebody else says so',
    {
      managers: [undefined, { name: undefined, address: undefined }, m1],
      workers: undefined,
      vip: { addresses: [undefined], routerId: undefined },
      maxUnavailable: undefined,
    },
    [],
  ],
];

describe('validateCluster', () => {
  for (const [rule, over, expected] of rows) {
    it(rule, () => {
      assert.deepEqual(faults(over), expected);
    });
  }

  it('keeps the place of a node behind one that could not be read', () => {
    assert.deepEqual(
      validateCluster({ managers: [undefined, { ...m1, address: 'x' }] }).map(
        ({ property }) => property,
      ),
      ['managers[1].address'],
    );
  });

  it('tells all faults at once, and throws for none', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('m1', '10.88.0.11', '__proto__'));
    const node = fc.record({ name: text, address: text, labels: fc.dictionary(text, text) });
    const cluster = fc.record({
      managers: fc.array(node, { maxLength: 9 }),
      workers: fc.array(node, { maxLength: 4 }),
      vip: fc.record({ addresses: fc.array(text), routerId: fc.double() }),
      maxUnavailable: fc.oneof(fc.double(), fc.string()),
    });
    fc.assert(
      fc.property(cluster, (declared) => {
        const failures = validateCluster(declared);
        const bad = declared.managers.filter(({ name }) => !/^[a-z0-9-]+$/i.test(name));
        assert.ok(failures.length >= bad.length);
        assert.ok(failures.every(({ property, reason }) => property !== '' && reason !== ''));
      }),
    );
  });
});

describe('quoted', () => {
  it('keeps a message to one line of bearable length', () => {
    assert.equal(quoted('a"b\nc'), String.raw`"a\"b\nc"`);
    assert.equal(quoted('a'.repeat(1000)).length, 83);
  });
});
