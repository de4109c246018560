import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { Marker } from '../../core/marker';
import { parseKeepalived } from '../../core/keepalived/parseKeepalived';
import { withRaised } from '../../core/keepalived/raiseKeepalived';
import { advertisedFirst, renderKeepalived } from '../../core/keepalived/renderKeepalived';
import { vrrpFilePaths, vrrpFiles } from '../../core/keepalived/vrrpFiles';
import type { VrrpSpec } from '../../core/keepalived/vrrpSpec';
import { vrrpArgumentFaults } from '../../core/vrrpArgumentFaults';
import type { VrrpArguments } from '../../core/vrrpArgumentFaults';
import { forHostileValues } from '../support/hostileValues';

const marker: Marker = { id: 'vip-m1-1', urn: 'urn:pulumi:s::p::swarm:index:VipMember::m1' };
const spec: VrrpSpec = {
  name: 'vip',
  addresses: ['10.88.0.100/24'],
  interface: 'eth0',
  sourceAddress: '10.88.0.11',
  routerId: 88,
  priority: 190,
  advertisementSeconds: 0.2,
};

const option = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });
const ipv4 = fc.ipV4().map((address) => `${address}/24`);
const ipv6 = fc.integer({ min: 1, max: 0xffff }).map((last) => `fd00::${last.toString(16)}/64`);
const port = fc.integer({ min: 1, max: 65_535 });
const words = fc.stringMatching(/^[A-Za-z0-9_./:=@,+%-]{1,20}$/);
const argv = fc
  .tuple(fc.stringMatching(/^\/[a-z0-9/-]{1,20}$/), fc.array(words, { maxLength: 3 }))
  .map(([program, rest]) => [program, ...rest]);
const pace = fc.record(
  {
    intervalSeconds: fc.integer({ min: 3, max: 60 }),
    timeoutSeconds: fc.integer({ min: 3, max: 60 }),
    fall: fc.integer({ min: 3, max: 9 }),
    rise: fc.integer({ min: 3, max: 9 }),
  },
  { requiredKeys: [], noNullPrototype: true },
);
const target = fc.oneof(
  fc.record({ tcp: port }, { noNullPrototype: true }),
  fc.record(
    { http: port, path: fc.stringMatching(/^\/[a-z0-9/?=&.-]{1,20}$/) },
    { requiredKeys: ['http'], noNullPrototype: true },
  ),
  fc.record({ command: argv }, { noNullPrototype: true }),
);
const check = fc.tuple(target, pace).map(([what, how]) => ({ ...what, ...how }));

/** Every form that the declaration can have; what is undefined is left out. */
const specs: fc.Arbitrary<VrrpSpec> = fc
  .record({
    first: ipv4,
    others: fc.uniqueArray(fc.oneof(ipv4, ipv6), { maxLength: 3 }),
    isOld: fc.boolean(),
    password: option(fc.stringMatching(/^[A-Za-z0-9_.:+=-]{1,8}$/)),
    peers: option(fc.array(fc.ipV4(), { minLength: 1, maxLength: 4 })),
    trackNode: option(fc.constant(false)),
    isBalanced: option(fc.constant(true)),
    checks: option(fc.array(check, { minLength: 1, maxLength: 3 })),
    notify: option(argv),
  })
  .map(({ first, others, isOld, password, peers, trackNode, isBalanced, checks, notify }) => ({
    ...spec,
    addresses: [...others, first],
    advertisementSeconds: isOld ? 2 : 0.25,
    ...(isOld ? { version: 2 } : {}),
    ...(isOld && password !== undefined ? { password } : {}),
    ...(peers === undefined ? {} : { peers }),
    ...(trackNode === undefined ? {} : { trackNode }),
    ...(isBalanced === undefined ? {} : { isBalanced }),
    ...(checks === undefined ? {} : { checks }),
    ...(notify === undefined ? {} : { notify }),
  }));

describe('every form of the configuration', () => {
  it('is read back as what it was rendered from, raised or not', () => {
    fc.assert(
      fc.property(specs, option(fc.constant('m2')), (one, raisedFor) => {
        const text = renderKeepalived(one, marker, raisedFor);
        assert.deepEqual(parseKeepalived(text), { ...one, addresses: advertisedFirst(one) });
        assert.equal(withRaised(withRaised(text, 'm3'), raisedFor), text);
      }),
    );
  });

  it('names scripts of ours only that are put there, and that go with the member', () => {
    fc.assert(
      fc.property(specs, (one) => {
        const text = renderKeepalived(one, marker);
        const named = [...text.matchAll(/"(\/etc\/keepalived\/swarm-[^\s"]+)/g)].map(
          ([, path]) => path ?? '',
        );
        const put = vrrpFiles(one).map(({ path }) => path);
        assert.deepEqual(new Set(named), new Set(put.filter((path) => path.endsWith('.sh'))));
        assert.ok(put.every((path) => vrrpFilePaths.includes(path)));
      }),
    );
  });

  it('tells of one address in advertisements, of the family of the nodes’ own where one is', () => {
    fc.assert(
      fc.property(specs, (one) => {
        const text = renderKeepalived(one, marker);
        const [, block = ''] = /^ {4}virtual_ipaddress \{\n((?: {8}.*\n)*)/m.exec(text) ?? [];
        assert.match(block, /^ {8}\d+\.\d+\.\d+\.\d+\/24 dev eth0\n$/);
      }),
    );
  });

  it('needs no source where advertisements go over IPv6 and the node’s address is IPv4', () => {
    const text = renderKeepalived({ ...spec, addresses: ['fd00::100/64'] }, marker);
    assert.doesNotMatch(text, /src_ip/);
    assert.equal(parseKeepalived(text)?.sourceAddress, '10.88.0.11');
  });
});

describe('vrrpArgumentFaults', () => {
  const rows: readonly [VrrpArguments, ...string[]][] = [
    [{}],
    [{ vrrpVersion: 3, advertisementSeconds: 0.05 }],
    [{ vrrpVersion: 2, password: 'a1_.:+=-', advertisementSeconds: 1 }],
    [{ vrrpVersion: 4 }, 'vrrpVersion'],
    [{ password: 'secret' }, 'password'],
    [{ vrrpVersion: 3, password: 'secret' }, 'password'],
    [{ vrrpVersion: 2, password: '' }, 'password'],
    [{ vrrpVersion: 2, password: '123456789' }, 'password'],
    [{ vrrpVersion: 2, password: 'a b' }, 'password'],
    [{ vrrpVersion: 2, password: 'a#b' }, 'password'],
    [{ vrrpVersion: 2, advertisementSeconds: 0.2 }, 'advertisementSeconds'],
    [{ vrrpVersion: 2, advertisementSeconds: 256 }, 'advertisementSeconds'],
    [{ advertisementSeconds: 0.015 }, 'advertisementSeconds'],
    [{ vrrpVersion: 2, addresses: ['fd00::1/64'] }, 'vrrpVersion'],
    [{ vrrpVersion: 2, addresses: ['fd00::1/64', '10.0.0.1/24'] }],
    [{ checks: [{ tcp: 80 }, { http: 80, path: '/a?b=c' }, { command: ['/bin/true'] }] }],
    [{ checks: [{}] }, 'checks[0]'],
    [{ checks: [{ tcp: 1, http: 1 }] }, 'checks[0]'],
    [{ checks: [{ tcp: 0 }] }, 'checks[0].tcp'],
    [{ checks: [{ http: 80, path: 'health' }] }, 'checks[0].path'],
    [{ checks: [{ tcp: 80, path: '/' }] }, 'checks[0].path'],
    [{ checks: [{ command: [] }] }, 'checks[0].command'],
    [{ checks: [{ command: ['check'] }] }, 'checks[0].command[0]'],
    [{ checks: [{ command: ['/bin/sh', '-c', 'a b'] }] }, 'checks[0].command[2]'],
    [{ checks: [{ tcp: 80, intervalSeconds: 0.5 }] }, 'checks[0].intervalSeconds'],
    [{ checks: [{ tcp: 80, fall: 0 }] }, 'checks[0].fall'],
    [{ notify: ['/usr/local/bin/tell', 'ops@example.com'] }],
    [{ notify: ['tell'] }, 'notify[0]'],
    [{ notify: ['/bin/tell', '$HOME'] }, 'notify[1]'],
  ];
  for (const [values, ...properties] of rows) {
    it(`${JSON.stringify(values)}: ${properties.length === 0 ? 'nothing' : properties.join(', ')}`, () => {
      assert.deepEqual(
        vrrpArgumentFaults(values).map(({ property }) => property),
        properties,
      );
    });
  }

  it('never shows a password', () => {
    forHostileValues((value) => {
      if (value.length < 3) return;
      for (const vrrpVersion of [2, 3]) {
        for (const { reason } of vrrpArgumentFaults({ vrrpVersion, password: `Qx${value}` })) {
          assert.ok(!reason.includes(`Qx${value}`));
        }
      }
    });
  });

  /** Each with a value that is good there. */
  const places: Readonly<Record<string, readonly [string, (value: string) => VrrpSpec]>> = {
    password: [
      'abc',
      (value) => ({ ...spec, version: 2, advertisementSeconds: 1, password: value }),
    ],
    'peers[0]': ['10.0.0.1', (value) => ({ ...spec, peers: [value] })],
    'checks[0].path': ['/x', (value) => ({ ...spec, checks: [{ http: 80, path: value }] })],
    'checks[0].command[1]': [
      'x',
      (value) => ({ ...spec, checks: [{ command: ['/bin/x', value] }] }),
    ],
    'notify[1]': ['x', (value) => ({ ...spec, notify: ['/bin/x', value] })],
  };
  for (const [property, [good, place]] of Object.entries(places)) {
    it(`a hostile ${property} is refused, or read back as the one word that it is`, () => {
      forHostileValues((value) => {
        const one = place(value);
        let text: string;
        try {
          text = renderKeepalived(one, marker);
        } catch (error) {
          assert.match(String(error), /would become a statement of its own/);
          return;
        }
        // The default is the same whether it is given or not.
        const isDefault = property === 'checks[0].path' && value === '/';
        assert.deepEqual(
          parseKeepalived(text),
          isDefault ? { ...spec, checks: [{ http: 80 }] } : one,
        );
        const lines = text.split(/\r\n|[\n\r\u2028\u2029]/).length;
        assert.equal(lines, renderKeepalived(place(good), marker).split('\n').length);
      });
    });
  }
});
