/**
 * Raft arithmetic. This is the only file that divides members by two.
 *
 * Source: swarmkit `manager/state/raft/raft.go`, `CanRemoveMember`; Docker's admin guide for the
 * tolerance of (N−1)/2.
 */

/** The smallest number of members that can commit: more than half. */
export function quorum(members: number): number {
  return Math.floor(members / 2) + 1;
}

/** How many members may fail before the swarm loses its quorum. Never negative. */
export function tolerance(members: number): number {
  return members === 0 ? 0 : members - quorum(members);
}

/** The numbers behind "may this member be taken out?". */
export interface RemovalNumbers {
  /** Members before the removal, the leaving one included. */
  readonly members: number;
  /** Members that are reachable now, the leaving one not counted. */
  readonly reachableWithout: number;
  /** Reachable members needed without it: the quorum of the remaining ones. */
  readonly needed: number;
  /** Failures that the remaining members survive while it is out. Negative: below quorum. */
  readonly toleranceWhileOut: number;
  readonly isAllowed: boolean;
}

/**
 * Whether a member may be taken out, with N members before: reachable without it ≥ floor((N−1)/2)+1.
 * The last member is never allowed out by this rule.
 */
export function removal(members: number, reachableWithout: number): RemovalNumbers {
  const remaining = members - 1;
  const needed = quorum(remaining);
  return {
    members,
    reachableWithout,
    needed,
    toleranceWhileOut: reachableWithout - needed,
    isAllowed: remaining > 0 && reachableWithout >= needed,
  };
}

/** The numbers behind "may this member be stopped for a while?". */
export interface PauseNumbers {
  readonly members: number;
  /** Members that are reachable now, the one to be stopped not counted. */
  readonly reachableWithout: number;
  /** The quorum of all members: one that is stopped still counts. */
  readonly needed: number;
  readonly isAllowed: boolean;
}

/** Whether a member may stand still without leaving raft: the others alone must be the majority of all. */
export function pause(members: number, reachableWithout: number): PauseNumbers {
  const needed = quorum(members);
  return { members, reachableWithout, needed, isAllowed: reachableWithout >= needed };
}
