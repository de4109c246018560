import type { Availability, SwarmNodeFacts } from './facts';
import { markerDirectory } from './marker';
import { pause } from './quorum';

/** Where backups of the raft state go. */
export interface BackupPolicy {
  /** Directory of the computer that runs Pulumi; relative to the project, or from `~/`. */
  readonly directory: string;
}

/** Another manager that could be stopped for the backup. */
export interface BackupFollower {
  readonly node: SwarmNodeFacts;
  /** Why it should not be, e.g. `holds the virtual IP`; undefined: nothing speaks against it. */
  readonly objection: string | undefined;
}

export type BackupChoice = { readonly node: SwarmNodeFacts } | { readonly why: string };

/**
 * The manager whose raft state is taken before another step: the one that goes, unless it leads; else
 * the first follower that nothing speaks against. Its engine stands still meanwhile, and the others
 * must be the majority without it.
 */
export function chooseBackupNode(
  target: SwarmNodeFacts,
  nodes: readonly SwarmNodeFacts[],
  followers: readonly BackupFollower[],
): BackupChoice {
  const why = noMajorityWithout(nodes);
  if (why !== undefined) return { why };
  if (target.managerStatus?.isLeader !== true) return { node: target };
  const whys = followers.map(({ node, objection }) => ({
    node,
    why: objection ?? whyNotNow(node),
  }));
  const chosen = whys.find(({ why }) => why === undefined);
  if (chosen !== undefined) return { node: chosen.node };
  const reasons = whys.map(({ node, why }) => `${node.hostname} ${why ?? ''}`).join('; ');
  return {
    why: `${target.hostname} leads, and no follower can be backed up: ${reasons === '' ? 'there is none' : reasons}`,
  };
}

/**
 * Asked again right before the engine stops, since a drain takes minutes; undefined: it may.
 *
 * @param nodeId - of the manager that stands still.
 */
export function whyNotStopped(
  nodeId: string,
  nodes: readonly SwarmNodeFacts[],
): string | undefined {
  const node = nodes.find(({ id }) => id === nodeId);
  if (node?.managerStatus?.isLeader === true) return 'it leads by now';
  return noMajorityWithout(nodes);
}

/** The only manager, unless somebody else has become one. */
export function chooseOnlyManager(
  target: SwarmNodeFacts,
  nodes: readonly SwarmNodeFacts[],
): BackupChoice {
  const why = whyNotOnly(target.id, nodes);
  return why === undefined ? { node: target } : { why };
}

/** As `whyNotStopped`, for an only manager: without it, somebody who has joined meanwhile has no majority. */
export function whyNotOnly(nodeId: string, nodes: readonly SwarmNodeFacts[]): string | undefined {
  const members = nodes.filter(({ managerStatus }) => managerStatus !== undefined);
  const others = members.filter(({ id }) => id !== nodeId).map(({ hostname }) => hostname);
  return others.length === 0 ? undefined : `${others.join(', ')} is a manager as well by now`;
}

function noMajorityWithout(nodes: readonly SwarmNodeFacts[]): string | undefined {
  const members = nodes.filter(({ managerStatus }) => managerStatus !== undefined);
  const isUp = ({ managerStatus }: SwarmNodeFacts): boolean =>
    managerStatus?.reachability === 'reachable';
  const numbers = pause(members.length, members.filter(isUp).length - 1);
  return numbers.isAllowed
    ? undefined
    : `a backup stops the engine of one manager for a moment, and the other ${String(numbers.reachableWithout)} ` +
        `would be no majority of ${String(numbers.members)} (${String(numbers.needed)} are needed)`;
}

function whyNotNow({ managerStatus, state }: SwarmNodeFacts): string | undefined {
  if (managerStatus?.isLeader === true) return 'leads';
  if (managerStatus?.reachability !== 'reachable') return 'is not reachable';
  return state === 'ready' ? undefined : `is ${state}`;
}

/** What a backup is, beside its archive. Never a key. */
export interface BackupDescription {
  readonly clusterId: string;
  readonly nodeId: string;
  readonly node: string;
  readonly address: string;
  readonly engineVersion: string;
  /** With the unlock key of that time only can it be restored. */
  readonly isAutolocked: boolean;
  /** ISO 8601. */
  readonly takenAt: string;
  readonly archive: string;
  readonly bytes: number;
  /** Of the archive, in hex. */
  readonly sha256: string;
}

/** Name of a backup's files, without `.tar` or `.json`: cluster ID, node and time, e.g. `x7…-m2-20261121T101500Z`. */
export function backupName(clusterId: string, node: string, at: Date): string {
  const time = at.toISOString().replace(/[-:]|\.\d+/g, '');
  return `${clusterId}-${node}-${time}`;
}

export function renderBackup(description: BackupDescription): string {
  return `${JSON.stringify({ format: 1, ...description }, null, 2)}\n`;
}

/** On a manager's host while a backup is taken there: what an interrupted one has to be given back. */
export interface BackupMark {
  /** The availability before; undefined: the node was going anyway. */
  readonly availability: Availability | undefined;
}

export const backupMarkPath = `${markerDirectory}/backup.json`;

export function renderBackupMark({ availability }: BackupMark): string {
  return `${JSON.stringify(availability === undefined ? {} : { availability })}\n`;
}

/** A mark that cannot be read is one all the same: the engine is started, and nothing else is guessed. */
export function parseBackupMark(text: string | undefined): BackupMark | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const availability =
      typeof value === 'object' && value !== null && 'availability' in value
        ? value.availability
        : undefined;
    return { availability: isAvailability(availability) ? availability : undefined };
  } catch {
    return { availability: undefined };
  }
}

function isAvailability(value: unknown): value is Availability {
  return value === 'active' || value === 'pause' || value === 'drain';
}
