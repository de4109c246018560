import type { ManagerContact } from '../../../core/connection';
import { SwarmError } from '../../../core/errors';
import type { SwarmNodeFacts } from '../../../core/facts';
import { isManaged, labelPrefix } from '../../../core/labels';
import { urnIdentity } from '../../../core/urn';
import type { Operation } from '../../server/resource';
import { takeOver } from './adoptRemedy';
import { hostStanding, managerLocked } from '../ask/hostStanding';
import type { HostStanding } from '../ask/hostStanding';

/** What a swarm is founded, or found again, by. */
export interface Founding {
  readonly managers: readonly ManagerContact[];
  readonly addressPools?: readonly string[];
  readonly subnetSize?: number;
  readonly adopt?: string;
}

/** On the swarm itself: which resource founded it; an interrupted Create finds its own swarm by it. */
export const founderLabel = `${labelPrefix}founder`;

/** A declared manager and what its host is. */
export interface Candidate {
  readonly contact: ManagerContact;
  readonly standing: HostStanding;
}

/**
 * As a founding, from one look and without founding anything: the cluster ID of the swarm that a Create would
 * take; undefined when none is seen.
 *
 * @throws SwarmError as a Create would.
 */
export async function findSwarm(
  operation: Operation,
  founding: Founding,
): Promise<string | undefined> {
  const candidates = await lookAtAll(operation, founding.managers);
  const existing = await existingSwarm(operation, founding, candidates);
  const isDefinite = candidates.every(({ standing }) => standing.kind !== 'unknown');
  if (existing === undefined && isDefinite && founding.adopt !== undefined) {
    throw nothingToAdopt(operation, founding, founding.adopt);
  }
  return existing;
}

/** To found another swarm in the place of the one that is meant would lose it for good. */
export function nothingToAdopt(
  operation: Operation,
  { managers }: Founding,
  adopt: string,
): SwarmError {
  return new SwarmError(
    'NothingToAdopt',
    `${operation.name}: none of ${managers.map(({ name }) => name).join(', ')} is in a swarm, and \`adopt\` names ${adopt}; ` +
      'nothing was founded in its place; check the managers’ addresses, or take `adopt` out to found a new swarm',
    { source: 'user' },
  );
}

/**
 * What a Create that was killed leaves behind: nothing joins, and no node gets our labels, before the
 * swarm is in the state. With more than that in it, some state knew it once.
 */
function isJustFounded(nodes: readonly SwarmNodeFacts[]): boolean {
  return nodes.length === 1 && !nodes.some(isManaged);
}

export async function lookAtAll(
  operation: Operation,
  managers: readonly ManagerContact[],
): Promise<readonly Candidate[]> {
  return Promise.all(
    managers.map(async (contact) => ({
      contact,
      standing: await hostStanding(operation, contact.connection),
    })),
  );
}

/**
 * The swarm that the declared managers are in, if it may be taken: it is ours, or the one to adopt.
 *
 * @throws SwarmError `ForeignSwarm`, `StateLost`, `NoLeader`.
 */
export async function existingSwarm(
  operation: Operation,
  founding: Founding,
  candidates: readonly Candidate[],
): Promise<string | undefined> {
  for (const { contact, standing } of candidates) {
    if (standing.kind !== 'member') continue;
    const { clusterId } = standing.info;
    if (clusterId === undefined) continue;
    if (clusterId === founding.adopt) return clusterId;
    const who = `${operation.name}: ${contact.name} (${contact.address}) is in swarm ${clusterId}`;
    if (founding.adopt !== undefined) {
      throw new SwarmError(
        'ForeignSwarm',
        `${who}, and \`adopt\` names ${founding.adopt}; nothing was touched; correct \`adopt\` if that swarm is meant; otherwise let the node leave it first`,
        { source: 'user' },
      );
    }
    const [swarm, nodes] = await Promise.all([
      standing.host.docker.swarm(),
      standing.host.docker.nodes(),
    ]);
    if (swarm.labels[founderLabel] !== urnIdentity(operation.urn)) {
      throw new SwarmError(
        'ForeignSwarm',
        `${who} already; nothing was touched; ` +
          `to take that swarm over, declare \`adopt: ${clusterId}\`; otherwise let the node leave it first`,
        { source: 'user' },
      );
    }
    if (isJustFounded(nodes)) return clusterId;
    throw new SwarmError(
      'StateLost',
      `${who}, which this very stack founded and whose ${String(nodes.length)} nodes this state does not know; nothing was touched; ${takeOver(clusterId)}`,
      { source: 'user' },
    );
  }
  const locked = candidates.find(({ standing }) => standing.kind === 'locked');
  if (locked !== undefined) throw managerLocked(locked.contact.name);
  throwIfMember(operation, candidates);
  return undefined;
}

/** A member that names no swarm. Only a worker may be told to leave: with a manager without a leader the swarm itself would go. */
function throwIfMember(operation: Operation, candidates: readonly Candidate[]): void {
  const members = candidates.flatMap(({ contact, standing }) =>
    standing.kind === 'member' ? [{ contact, info: standing.info }] : [],
  );
  const unsettled = members.find(
    ({ info }) => info.isControlAvailable || info.localNodeState !== 'active',
  );
  if (unsettled !== undefined) {
    const { contact, info } = unsettled;
    const what = info.isControlAvailable
      ? 'is a manager of a swarm that has no leader at present'
      : `is in a swarm, and ${info.localNodeState}`;
    throw new SwarmError(
      'NoLeader',
      `${operation.name}: ${contact.name} (${contact.address}) ${what}${info.error === '' ? '' : ` (${info.error})`}; which swarm it is cannot be read, and nothing was touched; ` +
        'bring its other managers back and run it again; if they are gone for good, see docs/recovery.md',
      { source: 'world' },
    );
  }
  const [worker] = members;
  if (worker === undefined) return;
  throw new SwarmError(
    'ForeignSwarm',
    `${operation.name}: ${worker.contact.name} (${worker.contact.address}) is a worker of a swarm already; nothing was touched; let it leave that swarm first`,
    { source: 'user' },
  );
}
