import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { choosePeer } from '../../core/vip/choosePeer';
import type { VipPeer } from '../../core/vip/choosePeer';
import { planVipMoves } from '../../core/vip/planVipMoves';
import type { VipTurns } from '../../core/vip/planVipMoves';

function peer(name: string, more: Partial<VipPeer> = {}): VipPeer {
  return { name, unfit: undefined, isTurnOver: false, isLeader: false, joined: '', ...more };
}

describe('choosePeer', () => {
  const rows: readonly (readonly [string, readonly VipPeer[], string | undefined, string[]])[] = [
    ['nobody', [], undefined, []],
    ['the one that goes last', [peer('m2'), peer('m3')], undefined, ['m3', 'm2']],
    [
      'the leader, which goes last of all',
      [peer('m1', { isLeader: true }), peer('m3')],
      undefined,
      ['m1', 'm3'],
    ],
    [
      'one that was rebuilt already, rather than the leader',
      [peer('m1', { isLeader: true }), peer('m2', { isTurnOver: true }), peer('m3')],
      undefined,
      ['m2', 'm1', 'm3'],
    ],
    [
      'of those whose turn is over the one that joined last',
      [
        peer('m1', { isTurnOver: true, joined: '2026-11-21T10:00:01.000Z' }),
        peer('m2', { isTurnOver: true, joined: '2026-11-21T10:00:00.000Z' }),
      ],
      undefined,
      ['m1', 'm2'],
    ],
    [
      'the preferred one when its turn is over',
      [
        peer('m1', { isTurnOver: true, joined: 'b' }),
        peer('m2', { isTurnOver: true, joined: 'a' }),
      ],
      'm2',
      ['m2', 'm1'],
    ],
    [
      'not the preferred one while it has yet to go',
      [peer('m1', { isTurnOver: true }), peer('m2')],
      'm2',
      ['m1', 'm2'],
    ],
    [
      'nobody who cannot take it',
      [peer('m1', { isTurnOver: true, unfit: 'keepalived is inactive' }), peer('m2')],
      undefined,
      ['m2'],
    ],
  ];
  for (const [what, peers, preferred, candidates] of rows) {
    it(`takes ${what}`, () => {
      assert.deepEqual(choosePeer(peers, preferred).candidates, candidates);
    });
  }

  it('says of everybody who cannot take it why', () => {
    const { whys } = choosePeer([peer('m1', { unfit: 'its engine is failed' }), peer('m2')]);
    assert.deepEqual(whys, ['m1: its engine is failed']);
  });
});

const three: VipTurns = {
  vip: { addresses: ['10.88.0.100/24'] },
  holder: 'm1',
  managers: ['m2', 'm3', 'm1'],
  leader: 'm1',
  built: new Set(['m1', 'm2', 'm3']),
  unfit: {},
  joined: {},
};

describe('planVipMoves', () => {
  const rows: readonly (readonly [Partial<VipTurns>, string])[] = [
    [{}, 'VIP 10.88.0.100 is on m1; goes to m3 before m1'],
    [{ built: new Set() }, 'VIP 10.88.0.100 is on m1; stays there'],
    [{ built: new Set(['m2']) }, 'VIP 10.88.0.100 is on m1; stays there'],
    [{ holder: 'm2' }, 'VIP 10.88.0.100 is on m2; goes to m1 before m2, goes to m3 before m1'],
    [{ holder: 'm3' }, 'VIP 10.88.0.100 is on m3; goes to m2 before m3'],
    [
      { holder: 'm3', vip: { ...three.vip, preferred: 'm3' } },
      'VIP 10.88.0.100 is on m3; goes to m2 before m3, goes to m3, its preferred node, after m3',
    ],
    [
      { vip: { ...three.vip, preferred: 'm1' } },
      'VIP 10.88.0.100 is on m1; goes to m3 before m1, goes to m1, its preferred node, after m1',
    ],
    [
      { vip: { ...three.vip, preferred: 'm2' }, built: new Set() },
      'VIP 10.88.0.100 is on m1; goes to m2, its preferred node, after m2',
    ],
    [
      { vip: { ...three.vip, preferred: 'stay' } },
      'VIP 10.88.0.100 is on m1; goes to m3 before m1',
    ],
  ];
  for (const [more, sentence] of rows) {
    it(sentence, () => {
      const plan = planVipMoves({ ...three, ...more });
      assert.equal(plan.sentence, sentence);
      assert.deepEqual([plan.reasons, plan.warnings], [[], []]);
    });
  }

  it('refuses a holder that nobody can follow, and names the gap where it is allowed', () => {
    const one = {
      ...three,
      built: new Set(['m1']),
      unfit: { m2: 'keepalived is inactive', m3: 'its engine is failed' },
    };
    const fact =
      'm1: it holds 10.88.0.100/24, and no other manager can take it: m2: keepalived is inactive; m3: its engine is failed';
    const refused = planVipMoves(one);
    assert.equal(refused.reasons.length, 1);
    assert.ok(
      (refused.reasons[0] ?? '').startsWith(
        `${fact}; mend one of them (\`pulumi up\` without this change does), or declare \`allowGap\``,
      ),
    );
    const allowed = planVipMoves({ ...one, vip: { ...one.vip, allowGap: true } });
    assert.deepEqual(allowed.reasons, []);
    assert.match(
      allowed.warnings[0] ?? '',
      /nobody answers at the virtual IP until m1 is rebuilt: \d+ s on lab machines/,
    );
  });

  it('what is built before is well when the holder goes', () => {
    const plan = planVipMoves({ ...three, unfit: { m2: 'it is down in the swarm', m3: 'x' } });
    assert.deepEqual(plan.reasons, []);
  });

  it('moves at most twice in a roll of all, whoever holds it', () => {
    const names = fc.uniqueArray(fc.constantFrom('m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7'), {
      minLength: 2,
    });
    fc.assert(
      fc.property(names, fc.nat(), (managers, at) => {
        const holder = managers[at % managers.length] ?? '';
        const { sentence, reasons } = planVipMoves({
          ...three,
          ...{ managers, holder, built: new Set(managers) },
          leader: managers.at(-1),
        });
        assert.deepEqual(reasons, []);
        assert.ok(sentence.split('goes to').length - 1 <= (holder === managers[0] ? 2 : 1));
      }),
    );
  });

  it('a keepalived of somebody else hands nothing over: said always, refused where its node is rebuilt', () => {
    const counts = (more: Partial<VipTurns>): readonly number[] => {
      const { reasons, warnings } = planVipMoves({ ...three, strangers: ['m2'], ...more });
      return [reasons.length, warnings.length];
    };
    assert.deepEqual(counts({}), [1, 0]);
    assert.deepEqual(counts({ built: new Set(['m1']) }), [0, 1]);
    assert.deepEqual(counts({ stays: new Set(['m2']) }), [0, 1]);
    assert.deepEqual(counts({ vip: { ...three.vip, allowGap: true } }), [0, 1]);
    assert.deepEqual(counts({ strangers: [] }), [0, 0]);
  });
});
