import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import {
  addressOf,
  isCidr,
  isHostname,
  isIpAddress,
  isLabSubnet,
  isSameAddress,
  isWithin,
  reservedAddresses,
} from '../../core/addresses';
import { forHostileTexts } from './support/hostileText';

const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));

describe('isIpAddress', () => {
  const rows: readonly [string, boolean, string][] = [
    ['10.88.0.11', true, 'IPv4'],
    ['0.0.0.0', true, 'IPv4, all zero'],
    ['fd00::11', true, 'IPv6'],
    ['FD00:0:0:0:0:0:0:11', true, 'IPv6, written out'],
    ['10.1', false, 'IPv4, shortened'],
    ['010.88.0.11', false, 'an octet that some read as octal'],
    ['0x0a.88.0.11', false, 'an octet in hex'],
    ['10.88.0.256', false, 'an octet too large'],
    ['10.88.0.11.', false, 'a dot too many'],
    ['10.88.0.11/24', false, 'with a prefix length'],
    ['10.88.0.11:2377', false, 'with a port'],
    ['fe80::1%eth0', false, 'with a zone'],
    ['fd00:::1', false, 'a colon too many'],
    [' 10.88.0.11', false, 'with a space'],
    ['m1', false, 'a name'],
    ['', false, 'nothing'],
  ];
  for (const [text, expected, what] of rows) {
    it(`${expected ? 'takes' : 'refuses'} ${what}: "${text}"`, () => {
      assert.equal(isIpAddress(text), expected);
    });
  }

  it('takes every IPv4 address written out', () => {
    fc.assert(fc.property(octets, (parts) => isIpAddress(parts.join('.'))));
    fc.assert(fc.property(fc.ipV6(), (text) => isIpAddress(text)));
  });
});

describe('isCidr', () => {
  const rows: readonly [string, boolean][] = [
    ['10.88.0.100/24', true],
    ['10.88.0.100/0', true],
    ['fd00::100/64', true],
    ['10.88.0.100', false],
    ['10.88.0.100/', false],
    ['10.88.0.100/33', false],
    ['10.88.0.100/024', false],
    ['10.88.0.100/-1', false],
    ['10.88.0.100/24/24', false],
    ['10.88.0.100/24 ', false],
    ['fd00::100/129', false],
    ['fe80::1%eth0/64', false],
    ['10.88/16', false],
  ];
  for (const [text, expected] of rows) {
    it(`${expected ? 'takes' : 'refuses'} "${text}"`, () => {
      assert.equal(isCidr(text), expected);
    });
  }

  it('gives the address back without its prefix length', () => {
    assert.equal(addressOf('10.88.0.100/24'), '10.88.0.100');
    assert.equal(addressOf('fd00::100/64'), 'fd00::100');
  });
});

describe('isWithin', () => {
  const rows: readonly [string, string, boolean][] = [
    ['10.88.0.11', '10.88.0.0/24', true],
    ['10.88.0.11', '10.88.0.1/24', true],
    ['10.88.1.11', '10.88.0.0/24', false],
    ['10.88.1.11', '10.88.0.0/16', true],
    ['fd00::11', 'fd00::/64', true],
    ['fd00::11', '10.88.0.0/24', false],
    ['10.88.0.11', 'fd00::/64', false],
  ];
  for (const [address, subnet, expected] of rows) {
    it(`${address} is ${expected ? '' : 'not '}in ${subnet}`, () => {
      assert.equal(isWithin(address, subnet), expected);
    });
  }

  it('holds for every address and its own subnet of any size', () => {
    fc.assert(
      fc.property(octets, fc.nat(32), (parts, bits) => {
        const address = parts.join('.');
        return isWithin(address, `${address}/${String(bits)}`);
      }),
    );
  });
});

describe('isSameAddress', () => {
  it('compares addresses, not how they are written', () => {
    assert.ok(isSameAddress('fd00::11', 'FD00:0:0:0:0:0:0:0011'));
    assert.ok(isSameAddress('10.88.0.11', '::ffff:10.88.0.11'));
    assert.ok(!isSameAddress('10.88.0.11', '10.88.0.12'));
    assert.ok(!isSameAddress('fd00::11', '10.88.0.11'));
  });

  it('is quick enough to compare every pair of a large cluster', () => {
    const all = Array.from(
      { length: 1000 },
      (_, i) => `10.88.${String(i >> 8)}.${String(i & 255)}`,
    );
    const startedMs = performance.now();
    const pairs = all.filter((a) => all.filter((b) => isSameAddress(a, b)).length !== 1);
    assert.deepEqual(pairs, []);
    assert.ok(performance.now() - startedMs < 10_000);
  });

  it('takes nothing that is no address for the same', () => {
    assert.ok(!isSameAddress('m1', 'm1'));
    assert.ok(!isSameAddress('', ''));
  });
});

describe('a lab network', () => {
  it('is IPv4 with a prefix of 16 to 29', () => {
    for (const text of ['10.88.0.0/24', '10.88.0.0/16', '10.88.0.0/29', '10.88.0.5/24']) {
      assert.ok(isLabSubnet(text), text);
    }
    for (const text of ['10.88.0.0/15', '10.88.0.0/30', 'fd00::/24', '10.88.0.0', '', 'lab']) {
      assert.ok(!isLabSubnet(text), text);
    }
  });

  it('keeps three addresses for itself', () => {
    assert.deepEqual(reservedAddresses('10.88.0.0/24'), ['10.88.0.0', '10.88.0.1', '10.88.0.255']);
    assert.deepEqual(reservedAddresses('10.88.0.77/29'), [
      '10.88.0.72',
      '10.88.0.73',
      '10.88.0.79',
    ]);
  });
});

describe('isHostname', () => {
  const rows: readonly [string, boolean, string][] = [
    ['m1', true, 'letters and digits'],
    ['1', true, 'a digit'],
    ['a-b', true, 'a hyphen inside'],
    ['a'.repeat(63), true, '63 characters'],
    ['a'.repeat(64), false, '64 characters'],
    ['-a', false, 'a hyphen before'],
    ['a-', false, 'a hyphen behind'],
    ['a_b', false, 'an underscore'],
    ['a.b', false, 'a dot'],
    ['a,b', false, 'a comma'],
    ['a\n', false, 'a line break'],
    ['ä', false, 'a letter beyond ASCII'],
    ['', false, 'nothing'],
  ];
  for (const [text, expected, what] of rows) {
    it(`${expected ? 'takes' : 'refuses'} ${what}`, () => {
      assert.equal(isHostname(text), expected);
    });
  }
});

it('no hostile text makes a check of addresses throw, or passes for two things', () => {
  forHostileTexts((text) => {
    const kinds = [isIpAddress(text), isCidr(text), isLabSubnet(text) && !isCidr(text)];
    assert.ok(kinds.filter((is) => is).length <= 1);
    assert.equal(isSameAddress(text, text), isIpAddress(text));
    assert.equal(typeof isHostname(text), 'boolean');
    assert.ok(text.startsWith(addressOf(text)));
  });
});
