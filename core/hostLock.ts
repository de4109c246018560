import type { LeaseState } from './lease';

/**
 * The lock of one host, for what is done where there is no leader to keep a lease: founding, recovery and
 * the end of a swarm. Below /run: a host that was restarted is free.
 */
export const hostLockPath = '/run/pulumi-swarm/lock.json';

/** The lock as it is written; `renewal` moves at every renewal. */
export function renderHostLock(
  lock: LeaseState & { readonly holder: string },
  renewal: number,
): string {
  const { holder, operation, since } = lock;
  return `${JSON.stringify({ holder, operation, since, renewal })}\n`;
}

/**
 * Who holds the lock. A file that cannot be read as one is somebody's all the same: it is taken over like
 * that of a dead holder, when it has stood still for long enough.
 */
export function readHostLock(text: string | undefined): LeaseState {
  if (text === undefined) return { holder: undefined, operation: '', since: '' };
  const unreadable = { holder: 'unreadable', operation: 'not readable', since: 'unknown' };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return unreadable;
    const { holder, operation, since } = value as Readonly<Record<string, unknown>>;
    return typeof holder === 'string' &&
      holder !== '' &&
      typeof operation === 'string' &&
      typeof since === 'string'
      ? { holder, operation, since }
      : unreadable;
  } catch {
    return unreadable;
  }
}
