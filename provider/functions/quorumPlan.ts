import type { ManagerContact } from '../../core/connection';
import type { GateFacts } from '../../core/gate';
import { secondSwarmReasons } from '../../core/secondSwarm';
import { quorumOutlook } from '../../core/recoveryText';
import type { QuorumOutlook } from '../../core/recoveryText';
import { gatherRecovery } from '../operations/recovery/gatherRecovery';
import type { HostStanding } from '../operations/ask/hostStanding';
import { recoveryNotNeeded } from '../operations/recovery/recoverSwarm';
import type { Operation } from '../server/resource';

interface QuorumQuestion {
  readonly managers: readonly ManagerContact[];
  readonly recoverFrom?: string;
  readonly lost?: readonly string[];
}

/** The outlook; `isSettledMeanwhile`: a leader was seen after all, so everything is to be looked at again. */
export interface QuorumPlan extends QuorumOutlook {
  readonly isSettledMeanwhile: boolean;
}

/** What of the quorum belongs into a plan: whether it is lost, the way out, and the recovery that is declared. */
export async function planQuorum(
  { managers, recoverFrom, lost }: QuorumQuestion,
  standings: readonly { readonly node: ManagerContact; readonly standing: HostStanding }[],
  gate: GateFacts | undefined,
  operation: Operation,
): Promise<QuorumPlan> {
  const led = standings.flatMap(({ node, standing }) =>
    standing.kind === 'member' && standing.info.clusterId !== undefined ? [node.name] : [],
  );
  const isLeaderless =
    led.length === 0 &&
    standings.some(
      ({ standing }) =>
        standing.kind === 'member' ||
        standing.kind === 'locked' ||
        (standing.kind === 'unknown' && standing.host !== undefined),
    );
  if (!isLeaderless) {
    const warnings = recoverFrom === undefined ? [] : [recoveryNotNeeded('the swarm', led)];
    const reasons = secondSwarmReasons(gate);
    return { turns: [], reasons, warnings, isSettledMeanwhile: false };
  }
  const facts = await gatherRecovery(operation, { clusterId: undefined, managers });
  const isSettledMeanwhile = facts.leaderSeenBy.length > 0;
  return { ...quorumOutlook(recoverFrom, lost ?? [], facts), isSettledMeanwhile };
}
