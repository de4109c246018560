import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { routerIdClash } from '../../core/keepalived/routerIdClash';
import type { VrrpSpec } from '../../core/keepalived/vrrpSpec';
import { parseVrrpAdvertisements } from '../../core/parse/vrrpAdvertisements';
import { forHostileTexts } from './support/hostileText';

const spec: VrrpSpec = {
  name: 'vip',
  addresses: ['10.88.0.100/24', 'fd00::100/64'],
  interface: 'eth0',
  sourceAddress: '10.88.0.11',
  routerId: 51,
  priority: 190,
  advertisementSeconds: 0.2,
};
const managers = ['10.88.0.11', '10.88.0.12'];

describe('routerIdClash', () => {
  const rows: readonly [string, string, boolean][] = [
    ['nobody', '', false],
    ['a declared manager', '4 3 51 200 10.88.0.12 10.88.0.100', false],
    ['a declared manager with the addresses of before', '4 3 51 200 10.88.0.12 10.88.0.99', false],
    [
      'a manager that is declared no more, with our address',
      '4 3 51 200 10.88.0.19 10.88.0.100',
      false,
    ],
    ['somebody else', '4 3 51 100 10.88.0.5 10.88.0.99', true],
    ['somebody else, of version 2', '4 2 51 100 10.88.0.5 10.88.0.99', true],
    ['somebody else who tells of no address', '4 2 51 100 10.88.0.5', true],
    ['somebody else with another ID', '4 3 52 100 10.88.0.5 10.88.0.99', false],
    ['somebody else over the other family', '6 3 51 100 fe80::1 fd00::99', false],
    [
      'somebody else behind one of ours',
      '4 3 51 200 10.88.0.12 10.88.0.100\n4 3 51 100 10.88.0.5 10.88.0.99\n',
      true,
    ],
  ];
  for (const [what, heard, isClash] of rows) {
    it(`${what}: ${isClash ? 'refused' : 'passes'}`, () => {
      const clash = routerIdClash(spec, managers, parseVrrpAdvertisements(heard));
      assert.equal(clash?.source, isClash ? '10.88.0.5' : undefined);
    });
  }

  it('over IPv6 ours are known by their address, since sources are link-local', () => {
    const six = { ...spec, addresses: ['fd00::100/64'] };
    const clash = (text: string): unknown =>
      routerIdClash(six, managers, parseVrrpAdvertisements(text));
    assert.equal(clash('6 3 51 200 fe80::12 fd00::100'), undefined);
    assert.notEqual(clash('6 3 51 200 fe80::12 fd00::99'), undefined);
  });
});

describe('parseVrrpAdvertisements', () => {
  it('each advertisement once, however often it was heard', () => {
    const line = '4 3 51 200 10.88.0.12 10.88.0.100 10.88.0.101\n';
    assert.deepEqual(parseVrrpAdvertisements(line + line), [
      {
        family: 4,
        version: 3,
        routerId: 51,
        priority: 200,
        source: '10.88.0.12',
        addresses: ['10.88.0.100', '10.88.0.101'],
      },
    ]);
  });

  it('anything else is an error, never nobody', () => {
    for (const text of [
      'x',
      '4 3 51 200',
      '5 3 51 200 10.0.0.1',
      '4 3 256 200 10.0.0.1',
      '4 3 51 200 10.0.0.1 x',
      '4 3 -1 200 10.0.0.1',
    ]) {
      assert.throws(() => parseVrrpAdvertisements(text), TypeError, text);
    }
    forHostileTexts((text) => {
      try {
        parseVrrpAdvertisements(text);
      } catch (error) {
        assert.ok(error instanceof TypeError);
      }
    });
  });
});
