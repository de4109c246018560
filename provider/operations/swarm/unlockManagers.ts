import { SwarmError } from '../../../core/errors';
import { steps } from '../../../core/steps';
import type { DockerApi } from '../../../effects/docker';
import { DockerApiError } from '../../../effects/docker';
import type { Operation } from '../../server/resource';
import { waitUntil } from '../ask/waitUntil';

/** A manager whose engine came back locked. */
export interface LockedManager {
  readonly name: string;
  readonly docker: DockerApi;
}

/**
 * Unlocks managers, all at once: the first of a swarm whose managers are all locked answers only when
 * the majority is unlocked. Does nothing to one that is unlocked already.
 *
 * @param keys secret; tried in this order.
 * @throws SwarmError `UnlockRefused` when none of the keys fits.
 */
export async function unlockManagers(
  operation: Operation,
  locked: readonly LockedManager[],
  keys: readonly string[],
): Promise<void> {
  const outcomes = await Promise.allSettled(
    locked.map((manager) =>
      operation.step(steps.unlock(manager.name), () => unlock(operation, manager, keys)),
    ),
  );
  const failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

const unlockSeconds = 180;

async function unlock(
  operation: Operation,
  { name, docker }: LockedManager,
  keys: readonly string[],
): Promise<void> {
  let rest = [...keys];
  await waitUntil(operation, `${name} is unlocked`, unlockSeconds, async () => {
    const info = await docker.info();
    if (info.localNodeState !== 'locked') {
      const isBack = info.localNodeState === 'active' && info.error === '';
      return isBack || (info.error === '' ? `it is ${info.localNodeState}` : info.error);
    }
    const [key] = rest;
    if (key === undefined) throw refused(name, keys.length);
    try {
      await docker.swarmUnlock(key);
    } catch (error) {
      if (!(error instanceof DockerApiError)) throw error;
      // 401: another key is needed; 400: no key at all; 409: somebody else was faster.
      if (error.statusCode !== 401 && error.statusCode !== 400 && error.statusCode !== 409) {
        throw error;
      }
      rest = rest.slice(1);
      return error.message;
    }
    return 'the key fits';
  });
}

function refused(name: string, tried: number): SwarmError {
  return new SwarmError(
    'UnlockRefused',
    `${name}: it is locked, and ${tried === 0 ? 'no unlock key is known' : `none of the ${String(tried)} known unlock keys opens it`}; it is as it was; ` +
      'give the key that it was locked with: `pulumi config set --secret unlockKey SWMKEY-1-…`, then `pulumi up`',
    { source: 'user' },
  );
}
