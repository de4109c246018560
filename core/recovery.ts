import { isSameAddress } from './addresses';
import type { RemoteManager } from './facts';
import { account } from './recoveryAccount';
import { allMembers, hostOf } from './recoveryFacts';
import type { RecoveryFacts, RecoverySight } from './recoveryFacts';
import { leaderReasons, majorityReasons, unfitReason } from './recoveryReasons';
import type { RecoveryReason } from './recoveryReasons';
import { parseRecoverFrom, recoveryToken } from './recoveryToken';

/** What is to be done, once it is allowed. */
export interface RecoveryPlan {
  readonly survivor: RecoverySight;
  readonly clusterId: string;
  /** Managers that answer, and leave by force before anything else. */
  readonly leaving: readonly RecoverySight[];
  /** Members that are seen off, by name or address, each with how it is known. */
  readonly gone: readonly string[];
  /** Members that the user says are lost. */
  readonly lost: readonly string[];
  /** Node IDs of all other members, whose entries go. */
  readonly otherIds: readonly string[];
}

export interface RecoveryVerdict {
  readonly isAllowed: boolean;
  /** Empty exactly when it is allowed. */
  readonly reasons: readonly RecoveryReason[];
  readonly plan: RecoveryPlan | undefined;
}

/**
 * May this one manager be made the only one? Never while a majority of the members could answer, never
 * with another swarm's or another moment's token, and never while a member may still be at work somewhere.
 *
 * @param from - `NAME@TOKEN`.
 * @param lost - names (addresses, where nobody declares them) of members that are lost for good.
 */
export function decideRecovery(
  from: string,
  lost: readonly string[],
  facts: RecoveryFacts,
): RecoveryVerdict {
  const wish = parseRecoverFrom(from);
  const refuse = (...reasons: readonly RecoveryReason[]): RecoveryVerdict => ({
    isAllowed: false,
    reasons,
    plan: undefined,
  });
  if (wish === undefined) {
    return refuse({
      code: 'Malformed',
      message: `recoverFrom is "${from}", which is no NAME@TOKEN; take the one that \`pulumi preview\` prints`,
    });
  }
  const survivor = facts.managers.find(({ name }) => name === wish.name);
  const unfit = unfitReason(wish.name, survivor, facts);
  if (unfit !== undefined || survivor?.standing.kind !== 'manager') {
    return refuse(...(unfit === undefined ? [] : [unfit]), ...leaderReasons(facts));
  }
  const { clusterId, nodeId, info } = survivor.standing;
  const members = info?.remoteManagers ?? [];
  const others = allMembers(facts, clusterId).filter((member) => member.nodeId !== nodeId);
  const accounts = others.map((member) => account(member, lost, facts, clusterId));
  const reasons = [
    ...leaderReasons(facts),
    ...tokenReasons(wish, { clusterId, survivorId: nodeId, members }),
    ...majorityReasons(facts, clusterId),
    ...accounts.flatMap(({ reason }) => reason ?? []),
    ...unknownLost(lost, others, facts),
  ];
  return {
    isAllowed: reasons.length === 0,
    reasons,
    plan:
      reasons.length > 0
        ? undefined
        : {
            survivor,
            clusterId,
            leaving: accounts.flatMap(({ leaving }) => leaving ?? []),
            gone: accounts.flatMap(({ gone }) => gone ?? []),
            lost: accounts.flatMap(({ isLost, label }) => (isLost === true ? [label] : [])),
            otherIds: others.map((member) => member.nodeId),
          },
  };
}

function tokenReasons(
  wish: { readonly name: string; readonly token: string },
  subject: {
    readonly clusterId: string;
    readonly survivorId: string;
    readonly members: readonly RemoteManager[];
  },
): readonly RecoveryReason[] {
  const memberIds = subject.members.map(({ nodeId }) => nodeId);
  if (recoveryToken({ ...subject, memberIds }) === wish.token) return [];
  return [
    {
      code: 'WrongToken',
      message: `the token of recoverFrom is not that of ${wish.name} in swarm ${subject.clusterId} with its present members; a token works once; take the one that \`pulumi preview\` prints without \`recoverFrom\``,
    },
  ];
}

/** A name that means nobody is a slip, and the one that was meant is missing. */
function unknownLost(
  lost: readonly string[],
  others: readonly RemoteManager[],
  facts: RecoveryFacts,
): readonly RecoveryReason[] {
  return lost
    .filter(
      (name) =>
        !facts.managers.some((sight) => sight.name === name) &&
        !others.some((member) => isSameAddress(hostOf(member), name)),
    )
    .map((name) => ({
      code: 'LostUnknown',
      message: `\`lost\` names ${name}, which is neither a declared manager nor the address of a member`,
    }));
}
