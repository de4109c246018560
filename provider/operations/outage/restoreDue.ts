import type { ManagerContact } from '../../../core/connection';
import type { Operation } from '../../server/resource';
import { hostStanding } from '../ask/hostStanding';
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
  managers: readonly Pick<ManagerContact, 'connection'>[],
): Promise<boolean> {
  const standings = await Promise.all(
    managers.map(({ connection }) => hostStanding(operation, connection)),
  );
  return standings.every(({ kind }) => kind === 'none' || kind === 'absent');
}
