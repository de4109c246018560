import { keysToTry, withPresentKey } from '../../../core/autolock';
import type { UnlockKeys } from '../../../core/autolock';
import { isSeen } from '../../../core/facts';
import { steps } from '../../../core/steps';
import type { Operation, PropertyMap } from '../../server/resource';
import { look } from '../gate/gatherGateFacts';
import { hostStanding } from '../ask/hostStanding';
import { askManager, findManager } from '../ask/managers';
import type { SwarmAccess } from '../ask/managers';
import { unlockManagers } from './unlockManagers';
import type { LockedManager } from './unlockManagers';

/** The keys that a Swarm's state holds. */
export function keysOf(state: PropertyMap): UnlockKeys {
  const { unlockKey, earlierUnlockKeys } = state;
  return {
    ...(typeof unlockKey === 'string' ? { unlockKey } : {}),
    ...(Array.isArray(earlierUnlockKeys)
      ? { earlierUnlockKeys: earlierUnlockKeys.filter((key) => typeof key === 'string') }
      : {}),
  };
}

/** Unlocks every declared manager that is locked: with the swarm's present key while one is in control, else with what is known. */
export async function unlockDeclared(
  operation: Operation,
  access: SwarmAccess,
  known: UnlockKeys,
  given: string | undefined,
  /** Only these. Default: all. */
  only?: readonly string[],
): Promise<void> {
  const managers = access.managers.filter(({ name }) => only?.includes(name) ?? true);
  const standings = await Promise.all(
    managers.map(async ({ name, connection }) => ({
      name,
      standing: await hostStanding(operation, connection),
    })),
  );
  const all = standings.flatMap(({ name, standing }) =>
    standing.kind === 'locked' ? [{ name, docker: standing.host.docker }] : [],
  );
  const locked = await ofThisSwarm(operation, access, all);
  if (locked.length === 0) return;
  const present = await look(async () => (await findManager(operation, access)).docker.unlockKey());
  const keys = keysToTry(isSeen(present) ? present.seen : undefined, known, given);
  await unlockManagers(operation, locked, keys);
}

/** Our keys are for no other swarm's managers: which swarm a locked one is in, its certificate tells. */
async function ofThisSwarm(
  operation: Operation,
  { clusterId }: SwarmAccess,
  locked: readonly LockedManager[],
): Promise<readonly LockedManager[]> {
  if (clusterId === '') return locked;
  const owners = await Promise.all(
    locked.map(async (manager) => ({
      manager,
      owner: (await manager.docker.nodeCertificate())?.clusterId,
    })),
  );
  return owners.flatMap(({ manager, owner }) => {
    if (owner === clusterId) return [manager];
    operation.log(
      'warning',
      `${manager.name} is locked in ${owner === undefined ? 'a swarm that it does not tell' : `swarm ${owner}`}, not in ${clusterId}; it is left alone`,
    );
    return [];
  });
}

/** Turns autolock on or off as it is declared; undefined: it stays as it is. Returns the keys to hold. */
export async function settleAutolock(
  operation: Operation,
  access: SwarmAccess,
  known: UnlockKeys,
  isWanted: boolean | undefined,
): Promise<UnlockKeys> {
  const { isAutolocked } = await askManager(operation, access, ({ docker }) => docker.swarm());
  if (isWanted !== undefined && isWanted !== isAutolocked) {
    await operation.step(steps.autolock(isWanted ? 'on' : 'off'), () =>
      askManager(operation, access, ({ docker }) => docker.setAutolock(isWanted)),
    );
  }
  const present = await askManager(operation, access, ({ docker }) => docker.unlockKey());
  return withPresentKey(known, present);
}
