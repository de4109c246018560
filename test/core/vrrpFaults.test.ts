import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SwarmError } from '../../core/errors';
import { parseFileMarker } from '../../core/fileMarker';
import { withRaised } from '../../core/keepalived/raiseKeepalived';
import { renderKeepalived } from '../../core/keepalived/renderKeepalived';
import type { VrrpSpec } from '../../core/keepalived/vrrpSpec';
import { vrrpFaults } from '../../core/vrrpFaults';
import { forHostileValues } from '../support/hostileValues';

const spec: VrrpSpec = {
  name: 'vip',
  addresses: ['10.88.0.100/24'],
  interface: 'eth0',
  sourceAddress: '10.88.0.11',
  routerId: 88,
  priority: 190,
  advertisementSeconds: 1,
};
const marker = { id: 'vip-m1-1', urn: 'urn:pulumi:s::p::swarm:index:VipMember::m1' };

/** Every statement of a file, as its words. */
function words(text: string): readonly (readonly string[])[] {
  return text
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^[#!]/.test(line))
    .map((line) => line.split(/\s+/));
}

/** The places of the file that a value of the declaration goes to. */
const places: Readonly<Record<string, (value: string) => VrrpSpec>> = {
  vip: (value) => ({ ...spec, name: value }),
  interface: (value) => ({ ...spec, interface: value }),
  address: (value) => ({ ...spec, sourceAddress: value }),
  'addresses[0]': (value) => ({ ...spec, addresses: [value] }),
};

describe('keepalived.conf from hostile values', () => {
  const shape = words(renderKeepalived(spec, marker)).map((line) => line.length);

  for (const [property, place] of Object.entries(places)) {
    it(`${property}: refused with its path, or one word of one statement`, () => {
      forHostileValues((value) => {
        const one = place(value);
        const faults = vrrpFaults({
          ...one,
          vip: one.name,
          address: one.sourceAddress,
          name: 'm1',
        });
        if (faults.length > 0) {
          assert.deepEqual(new Set(faults.map((fault) => fault.property)), new Set([property]));
          assert.throws(
            () => renderKeepalived(one, marker),
            (error) => error instanceof SwarmError && error.code === 'VrrpValueInvalid',
          );
          return;
        }
        const text = renderKeepalived(one, marker);
        assert.deepEqual(
          words(text).map((line) => line.length),
          shape,
        );
        assert.ok(words(text).some((line) => line.includes(value)));
      });
    });
  }

  it('the name of the node that is taken over from stays in its comment, or is refused', () => {
    forHostileValues((value) => {
      if (vrrpFaults({ name: value }).length > 0) {
        assert.throws(() => renderKeepalived(spec, marker, value), SwarmError);
        assert.throws(() => withRaised(renderKeepalived(spec, marker), value), SwarmError);
      }
    });
  });

  it('a resource of any name stays in its comment, and is read back as it was', () => {
    forHostileValues((value) => {
      const own = { id: `vip-${value}`, urn: `urn:pulumi:s::p::t::${value}` };
      const text = renderKeepalived(spec, own);
      assert.equal(
        text.split(/\r\n|[\n\r\u2028\u2029]/).length,
        renderKeepalived(spec, marker).split('\n').length,
      );
      assert.deepEqual(parseFileMarker(text), own);
      assert.doesNotMatch(
        text,
        /^#.*\\$/m,
        'a backslash at the end of a line may join the next one',
      );
    });
  });
});

describe('vrrpFaults: numbers', () => {
  const rows: readonly [string, Parameters<typeof vrrpFaults>[0]][] = [
    ['routerId', { routerId: 0 }],
    ['routerId', { routerId: 256 }],
    ['routerId', { routerId: 1.5 }],
    ['routerId', { routerId: Number.NaN }],
    ['priority', { priority: 0 }],
    ['priority', { priority: 201 }],
    ['priority', { priority: Number.NaN }],
    ['advertisementSeconds', { advertisementSeconds: 0 }],
    ['advertisementSeconds', { advertisementSeconds: -1 }],
    ['advertisementSeconds', { advertisementSeconds: 41 }],
    ['advertisementSeconds', { advertisementSeconds: Number.NaN }],
    ['advertisementSeconds', { advertisementSeconds: 1e-7 }],
  ];
  for (const [property, values] of rows) {
    it(`refuses ${JSON.stringify(values)}`, () => {
      assert.deepEqual(
        vrrpFaults(values).map((fault) => fault.property),
        [property],
      );
    });
  }

  it('knows nothing against good ones, nor against what is not known yet', () => {
    assert.deepEqual(vrrpFaults({}), []);
    assert.deepEqual(vrrpFaults({ ...spec, vip: 'demo-vip', name: 'm1' }), []);
    for (const name of ['eth0', 'enp3s0f1', 'bond0.100', 'br-lan', 'eth0:1']) {
      assert.deepEqual(vrrpFaults({ interface: name }), []);
    }
  });
});
