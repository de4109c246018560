import { isSameAddress } from './addresses';
import type { BackupDescription } from './backup';
import { isOlderEngine } from './engineVersion';
import type { GateFacts, GateReason, GateTarget } from './gate';
import { ownSocketReasons, rotationReasons, serviceReasons, settlingReasons } from './gate';
import { isSeen } from './facts';
import { isRecord } from './isRecord';

/**
 * The swarm of an only manager while that is rebuilt: its raft state is in an archive and on no host. As
 * long as this is there, nobody founds a swarm in its place, and nobody takes it for gone.
 */
export interface PendingRestore extends BackupDescription {
  /** Consent to destroy the swarm, as it carried it: nobody can be asked for it meanwhile. */
  readonly allowDestroy: boolean;
}

const suffix = '-restore.json';

/** Name of its file, beside the archive: one per swarm. */
export function pendingRestoreName(clusterId: string): string {
  return `${clusterId}${suffix}`;
}

export function isPendingRestoreName(name: string): boolean {
  return name.endsWith(suffix);
}

export function renderPendingRestore(pending: PendingRestore): string {
  return `${JSON.stringify({ format: 1, ...pending }, null, 2)}\n`;
}

/** Undefined: it is no such file as a whole, and nothing of it is guessed. */
export function parsePendingRestore(text: string): PendingRestore | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value) || value['format'] !== 1) return undefined;
    const { format: _format, ...rest } = value;
    const isWhole = Object.entries(shape).every(([key, type]) => typeof rest[key] === type);
    return isWhole ? (rest as unknown as PendingRestore) : undefined;
  } catch {
    return undefined;
  }
}

const shape = {
  clusterId: 'string',
  nodeId: 'string',
  node: 'string',
  address: 'string',
  engineVersion: 'string',
  isAutolocked: 'boolean',
  takenAt: 'string',
  archive: 'string',
  bytes: 'number',
  sha256: 'string',
  allowDestroy: 'boolean',
} as const satisfies Record<keyof PendingRestore, string>;

/**
 * What an archive of a manager's raft state must hold to be one; the rest depends on the swarm.
 *
 * @param members - paths in it, e.g. `swarm/docker-state.json`.
 * @returns why it is none; undefined: it is.
 */
export function whyNoRaftState(members: readonly string[]): string | undefined {
  const wanted = ['swarm/docker-state.json', 'swarm/certificates/swarm-node.crt', 'swarm/raft/'];
  const missing = wanted.filter((path) => !members.some((member) => member.startsWith(path)));
  return missing.length === 0 ? undefined : `it has no ${missing.join(', no ')}`;
}

/**
 * Why the only manager may not go into an outage now; empty: it may. There is nobody else to ask, so that its
 * own word decides: one member, which leads and is well, and nothing on its way.
 */
export function outageReasons(facts: GateFacts, target: GateTarget): readonly GateReason[] {
  const own = facts.managers.find(({ name }) => name === target.name);
  if (own === undefined) {
    return [{ code: 'NoAnswer', message: `${target.name} is no declared manager` }];
  }
  const reasons = [
    ...ownSocketReasons(own, facts),
    ...serviceReasons(facts, target),
    ...rotationReasons(facts),
  ];
  if (!isSeen(own.managers) || !isSeen(facts.nodes)) return reasons;
  const members = own.managers.seen.filter(({ managerStatus }) => managerStatus !== undefined);
  const [only] = members;
  if (members.length !== 1 || only === undefined) {
    reasons.push({
      code: 'Quorum',
      message: `\`allowOutage\` is for a swarm of one manager, and this one has ${String(members.length)}: ${members.map(({ hostname }) => hostname).join(', ')}`,
    });
  } else if (only.managerStatus?.isLeader !== true) {
    reasons.push({ code: 'DifferentLeader', message: `${target.name} does not lead` });
  }
  return [...reasons, ...settlingReasons(facts.nodes.seen, target)];
}

/**
 * Why an archive cannot be put back on this node; undefined: it can. Raft is bound to its address, and an older
 * engine may not read what a newer one wrote.
 */
export function whyNotRestorable(
  pending: Pick<PendingRestore, 'address' | 'engineVersion'>,
  node: { readonly address: string; readonly engineVersion: string },
): string | undefined {
  if (!isSameAddress(pending.address, node.address)) {
    return `raft is bound to the address ${pending.address}, and ${node.address} is declared; declare the former one`;
  }
  return isOlderEngine(node.engineVersion, pending.engineVersion)
    ? `its engine ${node.engineVersion} is older than ${pending.engineVersion}, which wrote it; declare that version or a newer one`
    : undefined;
}
