import type { ManagerContact } from '../../../core/connection';
import type { Operation } from '../../server/resource';
import { SwarmError } from '../../../core/errors';
import { hostStanding, isOutside } from '../ask/hostStanding';
import type { HostStanding } from '../ask/hostStanding';
import type { SwarmAccess } from '../ask/managers';
import { pendingRestore } from './pendingRestore';
import type { FoundRestore } from './pendingRestore';

/**
 * The archive that the swarm is in; undefined: it is in none, or one of the declared managers may have it. As
 * long as a raft state is on its host, that is the swarm, and an archive of it is of before.
 */
export async function restoreDue(
  operation: Operation,
  { clusterId, managers }: SwarmAccess,
): Promise<FoundRestore | undefined> {
  const found = await pendingRestore(operation, clusterId);
  return found !== undefined && (await isNowhere(operation, managers)) ? found : undefined;
}

/** Every manager says itself that it is in no swarm, or its lab that there is no such machine. */
export async function isNowhere(
  operation: Operation,
  managers: readonly Pick<ManagerContact, 'connection' | 'isStandIn'>[],
): Promise<boolean> {
  return (await standingsOf(operation, managers)).every(isOutside);
}

/**
 * Refuses to go on where an archive is noted and nobody can say whether the swarm is in it: neither does a
 * manager answer as a member, nor do all of them say that they are none.
 *
 * @throws SwarmError `EngineUnknown`; nothing was touched.
 */
export async function refuseUnknownRestore(
  operation: Operation,
  { clusterId, managers }: SwarmAccess,
): Promise<void> {
  const found = await pendingRestore(operation, clusterId);
  if (found === undefined) return;
  const kinds = (await standingsOf(operation, managers)).map(({ kind }) => kind);
  if (!kinds.includes('unknown') || kinds.some((kind) => kind === 'member' || kind === 'locked')) {
    return;
  }
  throw new SwarmError(
    'EngineUnknown',
    `swarm ${clusterId} may be in ${found.archive} alone, and its manager does not answer; nothing was touched; bring the host of ${found.pending.node} back, or let its machine be built anew`,
    { source: 'world' },
  );
}

/** A worker that may stand in is another machine, and no place of the archived swarm. */
function standingsOf(
  operation: Operation,
  managers: readonly Pick<ManagerContact, 'connection' | 'isStandIn'>[],
): Promise<readonly HostStanding[]> {
  return Promise.all(
    managers
      .filter(({ isStandIn }) => isStandIn !== true)
      .map(({ connection }) => hostStanding(operation, connection)),
  );
}
