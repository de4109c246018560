import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { lostQuorum, recoveryCandidates } from '../../core/quorumLoss';
import { decideRecovery } from '../../core/recovery';
import type { RecoveryVerdict } from '../../core/recovery';
import { electionSeconds } from '../../core/recoveryFacts';
import type { RecoveryFacts, RecoverySight } from '../../core/recoveryFacts';
import { quorumOutlook } from '../../core/recoveryText';
import { recoveryToken } from '../../core/recoveryToken';
import { addressOfNode, engineInfo, names } from './support/swarmFacts';

const swarm = 'swarm-of-the-tests';
type Standing = RecoverySight['standing'];

const silent: Standing = { kind: 'silent', why: 'no route to host' };
const gone: Standing = { kind: 'gone', why: 'its lab has no such machine' };
const outside: Standing = { kind: 'outside' };

/** A manager that answers and knows `members` members of raft. */
function manager(name: string, members: number, over: Partial<Standing> = {}): Standing {
  return {
    kind: 'manager',
    clusterId: swarm,
    nodeId: `id-${name}`,
    isAutolocked: false,
    info: engineInfo(name, {
      clusterId: undefined,
      error: 'The swarm does not have a leader.',
      managers: 0,
      remoteManagers: names('m', members).map((one) => ({
        nodeId: `id-${one}`,
        address: `${addressOfNode(one)}:2377`,
      })),
    }),
    ...over,
  } as Standing;
}

function facts(standings: readonly Standing[], over: Partial<RecoveryFacts> = {}): RecoveryFacts {
  return {
    clusterId: swarm,
    managers: standings.map((standing, index) => {
      const name = `m${String(index + 1)}`;
      return { name, address: addressOfNode(name), standing };
    }),
    leaderSeenBy: [],
    leaderlessSeconds: electionSeconds,
    ...over,
  };
}

function fromOf(name: string, members: number, clusterId = swarm): string {
  const memberIds = names('m', members).map((one) => `id-${one}`);
  return `${name}@${recoveryToken({ clusterId, survivorId: `id-${name}`, memberIds })}`;
}

function codes({ reasons }: RecoveryVerdict): readonly string[] {
  return reasons.map(({ code }) => code);
}

const oneOfThree = facts([manager('m1', 3), gone, gone]);
const token = fromOf('m1', 3);

describe('decideRecovery', () => {
  const rows: readonly {
    readonly what: string;
    readonly from?: string;
    readonly lost?: readonly string[];
    readonly facts: RecoveryFacts;
    readonly codes: readonly string[];
  }[] = [
    { what: 'two of three are gone', facts: oneOfThree, codes: [] },
    {
      what: 'two of three are silent',
      facts: facts([manager('m1', 3), silent, silent]),
      codes: ['NotShownGone', 'NotShownGone'],
    },
    {
      what: 'two of three are silent and lost',
      lost: ['m2', 'm3'],
      facts: facts([manager('m1', 3), silent, silent]),
      codes: [],
    },
    {
      what: 'one is gone, one is silent and lost',
      lost: ['m3'],
      facts: facts([manager('m1', 3), gone, silent]),
      codes: [],
    },
    {
      what: 'a member that nobody declares',
      facts: facts([manager('m1', 3), gone]),
      codes: ['NotShownGone'],
    },
    {
      what: 'a member that nobody declares, lost by its address',
      lost: [addressOfNode('m3')],
      facts: facts([manager('m1', 3), gone]),
      codes: [],
    },
    {
      what: 'one of two',
      from: fromOf('m1', 2),
      facts: facts([manager('m1', 2), gone]),
      codes: [],
    },
    {
      what: 'two of five answer: the other one leaves',
      from: fromOf('m2', 5),
      facts: facts([manager('m1', 5), manager('m2', 5), gone, gone, outside]),
      codes: [],
    },
    {
      what: 'two of five answer, and the engine of the other one does not',
      from: fromOf('m2', 5),
      facts: facts([
        manager('m1', 5, { info: undefined }),
        manager('m2', 5),
        ...[gone, gone, gone],
      ]),
      codes: ['EngineSilent'],
    },
    {
      what: 'two of three answer',
      facts: facts([manager('m1', 3), manager('m2', 3), gone]),
      codes: ['MajorityAnswers'],
    },
    {
      what: 'two of three answer, one by its certificate only',
      facts: facts([manager('m1', 3), manager('m2', 3, { info: undefined }), gone]),
      codes: ['MajorityAnswers', 'EngineSilent'],
    },
    {
      what: 'a majority by the view of another manager',
      from: fromOf('m1', 5),
      facts: facts([manager('m1', 5), manager('m2', 3), gone, gone, gone]),
      codes: ['MajorityAnswers'],
    },
    {
      what: 'the only manager of a swarm',
      from: fromOf('m1', 1),
      facts: facts([manager('m1', 1)]),
      codes: ['MajorityAnswers'],
    },
    {
      what: 'a leader is seen',
      facts: facts([manager('m1', 3), gone, gone], { leaderSeenBy: ['m1'] }),
      codes: ['LeaderSeen'],
    },
    {
      what: 'an election may be under way',
      facts: facts([manager('m1', 3), gone, gone], { leaderlessSeconds: electionSeconds - 1 }),
      codes: ['Unsettled'],
    },
    {
      what: 'the token of other members',
      from: fromOf('m1', 5),
      facts: oneOfThree,
      codes: ['WrongToken'],
    },
    {
      what: 'the token of another survivor',
      from: `m1@${fromOf('m2', 3).slice(3)}`,
      facts: oneOfThree,
      codes: ['WrongToken'],
    },
    {
      what: 'the token of another swarm',
      from: fromOf('m1', 3, 'another'),
      facts: oneOfThree,
      codes: ['WrongToken'],
    },
    {
      what: 'the survivor is in another swarm',
      facts: facts([manager('m1', 3, { clusterId: 'another' }), gone, gone]),
      codes: ['OtherSwarm'],
    },
    { what: 'no token', from: 'm1', facts: oneOfThree, codes: ['Malformed'] },
    {
      what: 'a survivor that nobody declares',
      from: fromOf('m9', 3),
      facts: oneOfThree,
      codes: ['NoSurvivor'],
    },
    {
      what: 'a survivor that is gone',
      from: fromOf('m2', 3),
      facts: oneOfThree,
      codes: ['NoSurvivor'],
    },
    {
      what: 'a survivor that is silent, and settled it is not either',
      from: fromOf('m2', 3),
      facts: facts([manager('m1', 3), silent, gone], { leaderlessSeconds: 0 }),
      codes: ['NoSurvivor', 'Unsettled'],
    },
    {
      what: 'a survivor that is in no swarm',
      from: fromOf('m2', 3),
      facts: facts([manager('m1', 3), outside, gone]),
      codes: ['NotAManager'],
    },
    {
      what: 'a survivor whose engine does not answer',
      facts: facts([manager('m1', 3, { info: undefined }), gone, gone]),
      codes: ['EngineSilent'],
    },
    {
      what: 'a survivor whose raft state is encrypted',
      facts: facts([manager('m1', 3, { isAutolocked: true }), gone, gone]),
      codes: ['Autolocked'],
    },
    {
      what: 'a survivor that is locked',
      facts: facts([
        manager('m1', 3, {
          info: engineInfo('m1', { localNodeState: 'locked', isControlAvailable: false }),
        }),
        ...[gone, gone],
      ]),
      codes: ['NotAManager'],
    },
    {
      what: 'a survivor that knows no members',
      facts: facts([manager('m1', 3, { info: engineInfo('m1') }), gone, gone]),
      codes: ['MembersUnknown'],
    },
    {
      what: 'a lost one answers',
      lost: ['m2'],
      from: fromOf('m1', 5),
      facts: facts([manager('m1', 5), manager('m2', 5), gone, gone, gone]),
      codes: ['LostAnswers'],
    },
    {
      what: 'a lost one that nobody knows',
      lost: ['mm2'],
      facts: oneOfThree,
      codes: ['LostUnknown'],
    },
    {
      what: 'another node at the address of a member',
      facts: facts([manager('m1', 3), manager('m2', 3, { nodeId: 'id-new' }), gone]),
      codes: [],
    },
  ];
  for (const { what, from = token, lost = [], facts: seen, codes: expected } of rows) {
    it(`${what}: ${expected.length === 0 ? 'allowed' : expected.join(', ')}`, () => {
      const verdict = decideRecovery(from, lost, seen);
      assert.deepEqual(codes(verdict), expected);
      assert.equal(verdict.isAllowed, expected.length === 0);
      assert.equal(verdict.plan !== undefined, verdict.isAllowed);
    });
  }

  it('says who leaves, who is gone and whose entries go', () => {
    const seen = facts([manager('m1', 5), manager('m2', 5), gone, outside, silent]);
    const { plan } = decideRecovery(fromOf('m2', 5), ['m5'], seen);
    assert.deepEqual(
      plan?.leaving.map(({ name }) => name),
      ['m1'],
    );
    assert.deepEqual(plan.gone, [
      'm3 (its lab has no such machine)',
      'm4 (is no manager any more)',
    ]);
    assert.deepEqual(plan.lost, ['m5']);
    assert.deepEqual(plan.otherIds, ['id-m1', 'id-m3', 'id-m4', 'id-m5']);
  });
});

describe('a lost quorum', () => {
  it('is told with its numbers and the way out, whose token is the one that is accepted', () => {
    assert.deepEqual(lostQuorum(oneOfThree), {
      isLost: true,
      sentence: `the quorum of the managers is lost: 1 of 3 managers of swarm ${swarm} (m1) can be reached, and a majority is 2`,
    });
    assert.deepEqual(recoveryCandidates(oneOfThree), [{ name: 'm1', from: token, mustBeLost: [] }]);
    const { reasons } = quorumOutlook(undefined, [], facts([manager('m1', 3), gone, silent]));
    assert.match(reasons.at(-1) ?? '', new RegExp(`recoverFrom ${token}.*'lost\\[0\\]' m3`));
  });

  it('is not what an election, a stopped engine or a leader is', () => {
    const rows: readonly [RecoveryFacts, boolean | undefined][] = [
      [facts([manager('m1', 3), gone, gone], { leaderlessSeconds: 20 }), false],
      [facts([manager('m1', 3), manager('m2', 3, { info: undefined }), gone]), false],
      [facts([manager('m1', 3), gone, gone], { leaderSeenBy: ['m1'] }), undefined],
      [facts([gone, silent, outside]), undefined],
    ];
    for (const [seen, isLost] of rows) assert.equal(lostQuorum(seen)?.isLost, isLost);
  });
});

/** Any world of up to seven managers: each with a view that may be a narrower one. */
const worlds = fc.integer({ min: 1, max: 7 }).chain((members) =>
  fc.record({
    members: fc.constant(members),
    standings: fc.array(
      fc.oneof(
        ...[silent, gone, outside].map((standing) => fc.constant(() => standing)),
        fc.tuple(fc.constantFrom(members, members, Math.ceil(members / 2)), fc.boolean()).map(
          ([view, runs]) =>
            (name: string) =>
              manager(name, Math.max(view, Number(name.slice(1))), runs ? {} : { info: undefined }),
        ),
      ),
      { minLength: members, maxLength: members },
    ),
    lost: fc.subarray([...names('m', members)]),
    survivor: fc.constantFrom(...names('m', members)),
  }),
);

it('without a manager that could carry the swarm on, the plan says why', () => {
  const seen = facts([manager('m1', 3, { isAutolocked: true }), gone, gone]);
  const { reasons } = quorumOutlook(undefined, [], seen);
  assert.match(reasons.at(-1) ?? '', /^m1 keeps its raft state encrypted/);
});

describe('laws of a recovery', () => {
  it('never while a majority could answer, and never over a member of whom nothing is known', () => {
    let allowed = 0;
    fc.assert(
      fc.property(worlds, ({ members, standings, lost, survivor }) => {
        const seen = facts(standings.map((make, index) => make(`m${String(index + 1)}`)));
        const { plan } = decideRecovery(fromOf(survivor, members), lost, seen);
        if (plan === undefined) return;
        allowed += 1;
        const answering = seen.managers.filter(({ standing }) => standing.kind === 'manager');
        assert.ok(
          answering.length * 2 <= members,
          `${String(answering.length)} of ${String(members)}`,
        );
        for (const { name, standing } of seen.managers) {
          if (standing.kind === 'silent') assert.ok(lost.includes(name), name);
          if (standing.kind !== 'manager' || name === survivor) continue;
          assert.ok(
            plan.leaving.some((other) => other.name === name),
            `${name} leaves`,
          );
        }
      }),
      { numRuns: 4000 },
    );
    assert.ok(allowed > 20, `${String(allowed)} worlds allowed it`);
  });

  it('a token fits these members, this survivor and this swarm only, in whatever order they come', () => {
    const id = fc.stringMatching(/^[a-z0-9]{1,4}$/);
    const subject = fc.record({
      clusterId: id,
      survivorId: id,
      memberIds: fc.uniqueArray(id, { maxLength: 7 }),
    });
    fc.assert(
      fc.property(subject, subject, (one, other) => {
        const sorted = (ids: readonly string[]): string => JSON.stringify([...ids].sort());
        const isSame =
          one.clusterId === other.clusterId &&
          one.survivorId === other.survivorId &&
          sorted(one.memberIds) === sorted(other.memberIds);
        assert.equal(recoveryToken(one) === recoveryToken(other), isSame);
        const reversed = { ...one, memberIds: [...one.memberIds].reverse() };
        assert.equal(recoveryToken(one), recoveryToken(reversed));
      }),
    );
  });

  it('a token is used up by the recovery: with the survivor alone it fits no more', () => {
    for (let members = 2; members <= 7; members += 1) {
      const alone = facts([manager('m1', 1), ...names('m', members - 1).map(() => gone)]);
      assert.ok(codes(decideRecovery(fromOf('m1', members), [], alone)).includes('WrongToken'));
    }
  });
});
