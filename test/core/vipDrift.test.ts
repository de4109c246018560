import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { alignKeepalived } from '../../core/keepalived/alignKeepalived';
import { withRaised } from '../../core/keepalived/raiseKeepalived';
import { renderKeepalived } from '../../core/keepalived/renderKeepalived';
import type { VrrpSpec } from '../../core/keepalived/vrrpSpec';
import { deafness, isSameForAll, keepsAddresses } from '../../core/vip/hearing';
import { judgeHolders, memberDrift } from '../../core/vip/vipDrift';
import type { HolderSight, MemberSight } from '../../core/vip/vipDrift';
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
const urn = 'urn:pulumi:demo::p::swarm:index:VipMember::m1';
const marker = { id: 'vip-m1', urn };
const file = renderKeepalived(spec, marker);

describe('hearing', () => {
  const rows: readonly (readonly [Readonly<Record<string, unknown>>, boolean, boolean, boolean])[] =
    [
      // change, peers hear it, a reload keeps the address, the same for all
      [{}, true, true, true],
      [{ priority: 7 }, true, true, true],
      [{ advertisementSeconds: 0.2 }, true, true, true],
      [{ addresses: ['10.88.0.100/24'] }, true, true, false],
      [{ addresses: ['10.88.0.101/24'] }, false, false, false],
      [{ routerId: 89 }, false, false, false],
      [{ version: 2 }, false, false, false],
      [{ version: 2, advertisementSeconds: 2 }, false, false, false],
      [{ password: 'secret12' }, false, false, false],
      [{ peers: ['10.88.0.12'] }, false, false, false],
      [{ peers: [] }, true, true, true],
      [{ trackNode: false }, true, true, true],
      [{ notify: ['/usr/local/bin/told'] }, true, true, true],
      [{ whateverComes: 1 }, false, false, false],
      [{ name: 'other' }, true, false, false],
      [{ interface: 'eth1' }, true, false, true],
      [{ sourceAddress: '10.88.0.12' }, true, false, true],
    ];
  for (const [change, isHeard, isKept, isSame] of rows) {
    it(JSON.stringify(change), () => {
      const other: VrrpSpec = { ...spec, ...change };
      assert.equal(deafness(spec, other).length === 0, isHeard);
      assert.equal(keepsAddresses(spec, other), isKept);
      assert.equal(isSameForAll(spec, other), isSame);
    });
  }
});

describe('memberDrift', () => {
  const sight = (more: Partial<MemberSight> = {}): MemberSight => ({
    unit: 'active',
    text: file,
    isHalfDone: false,
    ...more,
  });
  const rows: readonly (readonly [string, Partial<MemberSight>, string | undefined])[] = [
    ['nothing', {}, undefined],
    ['a stopped unit', { unit: 'inactive' }, 'keepalived is inactive'],
    [
      'no file',
      { text: undefined },
      'keepalived has no configuration: /etc/keepalived/keepalived.conf is gone',
    ],
    [
      'a file of somebody else',
      { text: 'global_defs {\n}\n' },
      '/etc/keepalived/keepalived.conf is not ours any more',
    ],
    [
      'another resource’s file',
      { text: file.replace('::m1', '::m9') },
      `keepalived is managed by ${urn.replace('::m1', '::m9')}`,
    ],
    [
      'a raised file',
      { text: withRaised(file, 'm2') },
      'keepalived is raised to take over from m2, by a run that did not end',
    ],
    [
      'a reload that did not come',
      { isHalfDone: true },
      'keepalived may not have read its configuration',
    ],
    [
      'a changed value',
      { text: file.replace('priority 190\n    advert', 'priority 191\n    advert') },
      `/etc/keepalived/keepalived.conf was changed by hand, at line ${String(file.split('\n').indexOf('    priority 190') + 1)} (priority)`,
    ],
    [
      'a missing end',
      { text: file.slice(0, -1) },
      `/etc/keepalived/keepalived.conf was changed by hand, at line ${String(file.split('\n').length)}`,
    ],
  ];
  for (const [what, more, said] of rows) {
    it(`finds ${what}`, () => {
      assert.equal(memberDrift(sight(more), urn, file), said);
    });
  }

  it('any byte, and never repeats a value', () => {
    const expected = file.replace('    advert_int', '    auth_pass secret123\n    advert_int');
    const said = memberDrift(
      sight({ text: expected.replace('secret123', 'hunter2') }),
      urn,
      expected,
    );
    assert.match(said ?? '', /was changed by hand, at line \d+ \(auth_pass\)$/);
    assert.doesNotMatch(said ?? '', /secret123|hunter2/);
    for (let at = 0; at < file.length; at += 7) {
      const text = `${file.slice(0, at)}~${file.slice(at + 1)}`;
      assert.notEqual(memberDrift(sight({ text }), urn, file), undefined, `byte ${String(at)}`);
    }
  });

  it('no hostile text makes it throw', () => {
    forHostileTexts((text) => {
      memberDrift(sight({ text }), urn, file);
      memberDrift(sight(), urn, text);
      assert.equal(alignKeepalived(text, spec, undefined), undefined);
    });
  });
});

describe('judgeHolders', () => {
  const one = (name: string, holds: boolean, more: Partial<VrrpSpec> = {}): HolderSight => ({
    name,
    holds: { seen: holds },
    spec: { ...spec, ...more },
  });
  const silent: HolderSight = { name: 'm3', holds: { unseen: 'no route' }, spec: undefined };
  const rows: readonly (readonly [string, readonly HolderSight[], RegExp | undefined])[] = [
    ['one', [one('m1', true), one('m2', false)], undefined],
    ['nobody', [one('m1', false), one('m2', false)], /^nobody holds the virtual IP VIP$/],
    ['nobody that was seen', [one('m1', false), silent], undefined],
    ['one, beside a silent one', [one('m1', true), silent], undefined],
    [
      'two that are told the same',
      [one('m1', true), one('m2', true)],
      /^m1 and m2 hold the virtual IP VIP at the same time: their files agree, so VRRP \(IP protocol 112\)/,
    ],
    [
      'two with another router ID',
      [one('m1', true), one('m2', true, { routerId: 5 })],
      /: m2 has another router ID than m1$/,
    ],
    [
      'two with another address in front',
      [one('m1', true), one('m2', true, { addresses: ['10.88.0.102/24'] })],
      /: m2 has another advertised address than m1$/,
    ],
    [
      'one whose file is not ours',
      [one('m1', true), { name: 'm2', holds: { seen: true }, spec: undefined }],
      /: what keepalived on m2 is told is not known$/,
    ],
  ];
  for (const [what, sights, finding] of rows) {
    it(what, () => {
      const judged = judgeHolders('VIP', sights);
      if (finding === undefined) assert.equal(judged.finding, undefined);
      else assert.match(judged.finding ?? '', finding);
    });
  }
});

describe('alignKeepalived', () => {
  it('takes what all have in common, and leaves a peer its own', () => {
    const peer = { ...spec, sourceAddress: '10.88.0.12', priority: 170, interface: 'ens3' };
    const own = { id: 'vip-m2', urn: urn.replace('::m1', '::m2') };
    const goal = {
      ...spec,
      routerId: 99,
      addresses: ['10.88.0.100/24'],
      advertisementSeconds: 0.2,
    };
    const text = renderKeepalived(peer, own);
    assert.equal(
      alignKeepalived(text, goal, undefined),
      renderKeepalived(
        { ...goal, ...{ sourceAddress: '10.88.0.12', priority: 170, interface: 'ens3' } },
        own,
      ),
    );
    assert.match(alignKeepalived(text, goal, 'bond0') ?? '', /interface bond0\n/);
    assert.equal(alignKeepalived(withRaised(text, 'm1'), peer, undefined), text, 'raised no more');
    assert.equal(alignKeepalived('', goal, undefined), undefined);
  });
});
