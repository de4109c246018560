import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { largeLossCause, silenceCauses } from '../../core/overlayCause';
import type { SilentEnd, ThirdNode } from '../../core/overlayCause';
import { parseDataPath } from '../../core/parse/dataPath';

function end(name: string, more: Partial<SilentEnd> = {}): SilentEnd {
  const address = `10.88.0.${name.slice(1)}`;
  return {
    ...{ name, address, dataPath: { address, port: 4789 } },
    ...{ addresses: ['127.0.0.1', address], gossip: 'open', knowsOther: true },
    ...more,
  };
}

const rows: readonly (readonly [
  string,
  Partial<SilentEnd>,
  Partial<SilentEnd>,
  readonly ThirdNode[],
  string,
])[] = [
  [
    'gossip passes: the data path',
    {},
    {},
    [],
    'gossip passes, and packets do not: open 4789/udp, the data path, between 10.88.0.1 and 10.88.0.2, both ways',
  ],
  [
    'a data path of another port',
    { dataPath: { address: '10.88.0.1', port: 5000 } },
    { dataPath: { address: '10.88.0.2', port: 5000 } },
    [],
    'gossip passes, and packets do not: open 5000/udp, the data path, between 10.88.0.1 and 10.88.0.2, both ways',
  ],
  [
    'gossip by TCP is dropped one way',
    { gossip: 'silent' },
    { knowsOther: false },
    [],
    '7946/tcp from m1 (10.88.0.1) to m2 (10.88.0.2) is silent: open it',
  ],
  [
    'gossip by UDP is dropped',
    {},
    { knowsOther: false },
    [],
    'gossip has not told m2 where the other is: open 7946/udp between 10.88.0.1 and 10.88.0.2, both ways',
  ],
  [
    'a data-path address that the node does not have',
    { dataPath: { address: '10.99.0.1', port: 4789 } },
    {},
    [],
    'the data-path address of m1 is 10.99.0.1, which is none of its own (127.0.0.1, 10.88.0.1): it must join again with one that it has',
  ],
  [
    'nothing is known: the likeliest',
    { dataPath: undefined, addresses: [], gossip: undefined, knowsOther: undefined },
    { dataPath: undefined, addresses: [], gossip: undefined, knowsOther: undefined },
    [],
    '4789/udp, or 7946/tcp and 7946/udp, is usually blocked between 10.88.0.1 and 10.88.0.2: open them both ways',
  ],
  [
    'it passes with another one',
    {},
    {},
    [
      { name: 'm3', passes: true },
      { name: 'm4', passes: false },
    ],
    'gossip passes, and packets do not: open 4789/udp, the data path, between 10.88.0.1 and 10.88.0.2, both ways; between m1 and m3 packets pass: look at m2 first',
  ],
  [
    'it passes with nobody',
    {},
    {},
    [{ name: 'm3', passes: false }],
    'gossip passes, and packets do not: open 4789/udp, the data path, between 10.88.0.1 and 10.88.0.2, both ways; nor do packets pass between m1 and m3: look at m1 first',
  ],
];

describe('why nothing passes over the overlay', () => {
  for (const [what, a, b, thirds, expected] of rows) {
    test(what, () => {
      assert.equal(silenceCauses(end('m1', a), end('m2', b), thirds), expected);
    });
  }

  test('large packets alone', () => {
    assert.equal(
      largeLossCause('m1', 'm2', 1450),
      'packets of 1450 bytes do not pass from m1 to m2, and small ones do: the network between them carries less than 1500 bytes; raise its MTU, or make the overlay networks anew with a smaller one (`com.docker.network.driver.mtu`)',
    );
  });
});

describe('the data path of docker-state.json', () => {
  const read = (state: unknown): unknown => parseDataPath(JSON.stringify(state));
  test('is the declared one, or else the advertised one', () => {
    assert.deepEqual(read({ AdvertiseAddr: '10.0.0.1:2377', DataPathAddr: '10.0.1.1' }), {
      ...{ address: '10.0.1.1', port: 4789 },
    });
    assert.deepEqual(
      read({ AdvertiseAddr: '10.0.0.1:2377', DataPathAddr: '', DataPathPort: 5000 }),
      {
        ...{ address: '10.0.0.1', port: 5000 },
      },
    );
    assert.deepEqual(read({ AdvertiseAddr: '[fd00::1]:2377' }), { address: 'fd00::1', port: 4789 });
    assert.deepEqual(read({ DataPathAddr: 'fd00::2' }), { address: 'fd00::2', port: 4789 });
  });

  test('whatever the file is, it is an address or not known', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const found = parseDataPath(text);
        assert.ok(found === undefined || found.address !== '');
      }),
    );
    for (const text of [
      undefined,
      '',
      'null',
      '{',
      '{"DataPathAddr":"eth0"}',
      '{"DataPathAddr":5}',
    ]) {
      assert.equal(parseDataPath(text), undefined);
    }
  });
});
