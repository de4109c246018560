import { quorum } from './quorum';
import { account } from './recoveryAccount';
import {
  allMembers,
  electionSeconds,
  inView,
  isAnswering,
  knowsMembers,
  widestView,
} from './recoveryFacts';
import type { RecoveryFacts } from './recoveryFacts';
import { majorityReasons, unfitReason } from './recoveryReasons';
import { recoveryToken } from './recoveryToken';

/**
 * Whether the quorum is lost as far as can be seen, with the numbers; undefined: there is no manager
 * that could tell, or one sees a leader.
 */
export function lostQuorum(
  facts: RecoveryFacts,
): { readonly isLost: boolean; readonly sentence: string } | undefined {
  const seen = facts.managers.filter(isAnswering).find((sight) => knowsMembers(sight));
  if (seen === undefined || facts.leaderSeenBy.length > 0) return undefined;
  const { clusterId } = seen.standing;
  const view = widestView(facts, clusterId);
  const answering = inView(view, facts, clusterId);
  const numbers =
    `${String(answering.length)} of ${String(view.length)} managers of swarm ${clusterId} ` +
    `(${answering.map(({ name }) => name).join(', ')}) can be reached, and a majority is ${String(quorum(view.length))}`;
  const isSettled = facts.leaderlessSeconds >= electionSeconds;
  return majorityReasons(facts, clusterId).length === 0 && isSettled
    ? { isLost: true, sentence: `the quorum of the managers is lost: ${numbers}` }
    : { isLost: false, sentence: `the swarm has no leader at present: ${numbers}` };
}

/** Managers that the swarm could be recovered from, each with its `NAME@TOKEN`; the way out that a preview names. */
export function recoveryCandidates(facts: RecoveryFacts): readonly {
  readonly name: string;
  readonly from: string;
  readonly mustBeLost: readonly string[];
}[] {
  return facts.managers.filter(isAnswering).flatMap((sight) => {
    if (unfitReason(sight.name, sight, facts) !== undefined) return [];
    const { clusterId, nodeId, info } = sight.standing;
    const token = recoveryToken({
      clusterId,
      survivorId: nodeId,
      memberIds: info.remoteManagers.map((member) => member.nodeId),
    });
    const mustBeLost = allMembers(facts, clusterId)
      .filter((member) => member.nodeId !== nodeId)
      .map((member) => account(member, [], facts, clusterId))
      .flatMap(({ reason, label }) => (reason?.code === 'NotShownGone' ? [label] : []));
    return [{ name: sight.name, from: `${sight.name}@${token}`, mustBeLost }];
  });
}
