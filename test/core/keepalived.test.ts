import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { parseFileMarker } from '../../core/fileMarker';
import { parseRaisedFor, withRaised } from '../../core/keepalived/raiseKeepalived';
import { renderKeepalived } from '../../core/keepalived/renderKeepalived';
import { vrrpPriority } from '../../core/keepalived/vrrpPriority';
import type { Marker } from '../../core/marker';
import type { VrrpSpec } from '../../core/keepalived/vrrpSpec';
import { forHostileTexts } from './support/hostileText';

const spec: VrrpSpec = {
  name: 'vip',
  addresses: ['10.88.0.100/24', '10.88.0.101/24'],
  interface: 'eth0',
  sourceAddress: '10.88.0.11',
  routerId: 88,
  priority: 190,
  advertisementSeconds: 1,
};
const marker: Marker = {
  id: 'vip-m1-1234',
  urn: 'urn:pulumi:demo::swarm-cluster::swarm:index:VipMember::m1',
};

const nodeName = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
const line = fc.stringMatching(/^[!-~][ -~]{0,60}$/);
const specs: fc.Arbitrary<VrrpSpec> = fc.record({
  name: nodeName,
  addresses: fc.array(
    fc.ipV4().map((address) => `${address}/24`),
    { minLength: 1, maxLength: 3 },
  ),
  interface: fc.stringMatching(/^[a-z][a-z0-9]{0,14}$/),
  sourceAddress: fc.ipV4(),
  routerId: fc.integer({ min: 1, max: 255 }),
  priority: fc.integer({ min: 1, max: 200 }),
  advertisementSeconds: fc.constantFrom(0.1, 0.5, 1, 5),
});
const markers = fc.record({ id: line, urn: line }, { noNullPrototype: true });

function lines(text: string): readonly string[] {
  return text.split('\n').map((one) => one.trim());
}

describe('renderKeepalived', () => {
  it('lets an address stay where it is: BACKUP, nopreempt, and the declared priority', () => {
    const text = lines(renderKeepalived(spec, marker));
    assert.ok(text.includes('state BACKUP'));
    assert.ok(text.includes('nopreempt'));
    assert.ok(text.includes('priority 190'));
    assert.ok(text.includes('virtual_router_id 88'));
    assert.ok(text.includes('mcast_src_ip 10.88.0.11'));
    assert.ok(text.includes('10.88.0.100/24 dev eth0'));
    assert.ok(text.includes('10.88.0.101/24 dev eth0'));
  });

  it('advertises the first address alone, so that others come and go without two holders', () => {
    const advertised = (addresses: readonly string[]): string | undefined =>
      /virtual_ipaddress \{\n([^}]*)\}/.exec(renderKeepalived({ ...spec, addresses }, marker))?.[1];
    assert.equal(advertised(spec.addresses)?.trim(), '10.88.0.100/24 dev eth0');
    assert.equal(advertised(spec.addresses), advertised(spec.addresses.slice(0, 1)));
    assert.match(
      renderKeepalived(spec, marker),
      /virtual_ipaddress_excluded \{\n {8}10\.88\.0\.101\/24 dev eth0\n {4}\}/,
    );
    assert.doesNotMatch(
      renderKeepalived({ ...spec, addresses: spec.addresses.slice(0, 1) }, marker),
      /excluded/,
    );
  });

  it('lets a raised node preempt, above every declared priority and below the address owner’s', () => {
    const text = lines(renderKeepalived(spec, marker, 'm2'));
    assert.ok(text.includes('state BACKUP'));
    assert.ok(!text.includes('nopreempt'));
    assert.ok(text.includes('priority 254'));
    assert.ok(!text.includes('priority 190'));
  });

  it('closes every brace that it opens', () => {
    fc.assert(
      fc.property(specs, (one) => {
        const text = renderKeepalived(one, marker);
        assert.equal(text.split('{').length, text.split('}').length);
        assert.ok(text.endsWith('}\n'));
      }),
    );
  });
});

describe('what can be read back', () => {
  it('the marker, of ordinary and raised files', () => {
    fc.assert(
      fc.property(specs, markers, fc.option(nodeName, { nil: undefined }), (one, own, raised) => {
        const text = renderKeepalived(one, own, raised);
        assert.deepEqual(parseFileMarker(text), own);
        assert.equal(parseRaisedFor(text), raised);
      }),
    );
  });

  it('no marker of a file that somebody else wrote', () => {
    const own = renderKeepalived(spec, marker);
    for (const text of ['', '\n', 'global_defs {\n}\n', `# by hand\n${own}`, own.slice(1)]) {
      assert.equal(parseFileMarker(text), undefined);
    }
  });

  it('no marker of which half is missing', () => {
    const own = renderKeepalived(spec, marker);
    assert.equal(parseFileMarker(own.replace(/^# urn: .*\n/m, '')), undefined);
    assert.equal(parseFileMarker(own.replace(/^# id: .*\n/m, '')), undefined);
  });
});

describe('withRaised', () => {
  it('makes what renderKeepalived makes', () => {
    fc.assert(
      fc.property(specs, markers, nodeName, (one, own, raised) => {
        const [ordinary, high] = [renderKeepalived(one, own), renderKeepalived(one, own, raised)];
        assert.equal(withRaised(ordinary, raised), high);
        assert.equal(withRaised(high, undefined), ordinary);
      }),
    );
  });

  it('and back is the identity, however often and for whomever', () => {
    fc.assert(
      fc.property(specs, markers, nodeName, nodeName, (one, own, a, b) => {
        const text = renderKeepalived(one, own);
        const raised = withRaised(text, a);
        assert.equal(withRaised(raised, undefined), text);
        assert.equal(withRaised(raised, a), raised);
        assert.equal(withRaised(raised, b), withRaised(text, b));
        assert.equal(withRaised(text, undefined), text);
      }),
    );
  });
});

describe('vrrpPriority', () => {
  it('falls with the declared order, distinct, and below a raised one', () => {
    const priorities = Array.from({ length: 7 }, (_, index) => vrrpPriority(index));
    assert.deepEqual(priorities, [200, 190, 180, 170, 160, 150, 140]);
  });

  it('stays within VRRP’s range for any number of managers', () => {
    for (let index = 0; index < 100; index++) assert.ok(vrrpPriority(index) >= 1);
  });
});

it('no hostile text makes it throw, or is taken for a file of ours', () => {
  forHostileTexts((text) => {
    assert.equal(parseFileMarker(text), undefined);
    assert.equal(typeof withRaised(text, 'm1'), 'string');
    assert.equal(typeof withRaised(text, undefined), 'string');
    parseRaisedFor(text);
  });
});
