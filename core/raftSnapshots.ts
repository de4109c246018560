import { compatibility } from './compatibility';
import { isInRanges } from './engineRange';
import type { SwarmFacts, SwarmNodeFacts } from './facts';
import { labelPrefix, type Labels } from './labels';

/** On the swarm itself: the interval that is put back, while snapshots are taken at every entry; empty otherwise. */
export const snapshotIntervalLabel = `${labelPrefix}snapshot-interval`;

/** A change of the swarm's own spec. */
export interface SnapshotChange {
  readonly interval: number;
  readonly labels: Labels;
}

/**
 * Whether a new member of raft may never get this leader's log. A leader before 23.0 sends newcomers its last
 * snapshot with the members of that time; since 23.0 an engine ignores a snapshot that does not list itself
 * (etcd-io/etcd#13741). Such a member is listed as reachable, says itself that it is in control, and
 * acknowledges nothing: the next manager that goes takes the quorum with it. Seen with 20.10.24 and 26.1.5.
 */
export function leavesBehind(leaderVersion: string, newcomerVersion: string): boolean {
  const { staleSnapshots, ignoresStaleSnapshots } = compatibility;
  // A version that cannot be read may be any.
  return (
    isInRanges(leaderVersion, staleSnapshots.engines) !== false &&
    isInRanges(newcomerVersion, ignoresStaleSnapshots.engines) !== false
  );
}

/** Whether a newcomer may be left behind by a member that leads, or that may lead before it has joined. */
export function mayLeaveBehind(nodes: readonly SwarmNodeFacts[], newcomerVersion: string): boolean {
  return membersOf(nodes).some(({ engineVersion }) => leavesBehind(engineVersion, newcomerVersion));
}

/** Names of the members that another one may have left behind. */
export function maybeBehind(nodes: readonly SwarmNodeFacts[]): readonly string[] {
  const members = membersOf(nodes);
  return members
    .filter((node) =>
      mayLeaveBehind(
        members.filter((other) => other !== node),
        node.engineVersion,
      ),
    )
    .map(({ hostname }) => hostname);
}

function membersOf(nodes: readonly SwarmNodeFacts[]): readonly SwarmNodeFacts[] {
  return nodes.filter(({ managerStatus }) => managerStatus !== undefined);
}

/** A snapshot at every entry, so that the last one lists every member; undefined: it is so already. */
export function snapshotsAtEveryEntry(swarm: SwarmFacts): SnapshotChange | undefined {
  if (swarm.snapshotInterval === 1) return undefined;
  return { interval: 1, labels: { [snapshotIntervalLabel]: String(swarm.snapshotInterval) } };
}

/** The interval as it was before; undefined: nothing is to be put back. */
export function snapshotsAsBefore(swarm: SwarmFacts): SnapshotChange | undefined {
  const kept = swarm.labels[snapshotIntervalLabel] ?? '';
  if (kept === '') return undefined;
  const labels = { [snapshotIntervalLabel]: '' };
  // Somebody changed one of the two by hand: theirs stays.
  const isOurs = swarm.snapshotInterval === 1 && /^\d{1,15}$/.test(kept);
  return { interval: isOurs ? Number(kept) : swarm.snapshotInterval, labels };
}
