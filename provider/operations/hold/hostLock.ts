import { randomUUID } from 'node:crypto';
import { SwarmError } from '../../../core/errors';
import { hostLockPath, readHostLock, renderHostLock } from '../../../core/hostLock';
import { decideLease } from '../../../core/lease';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { Held } from './held';
import { waitUntil } from '../ask/waitUntil';

/** What a holder can do while it holds the lock of a host. */
export interface HostLock {
  /** @throws SwarmError `HostLockLost` */
  confirm(): Promise<void>;
  /** As the operation's own `step`, after `confirm`. */
  step<T>(sentence: string, action: () => Promise<T>): Promise<T>;
}

/**
 * Runs `action` while holding the lock file of a host: the lease's stand-in where no leader is there to
 * keep one. A holder that died, or that has not renewed it for the lease's time to live by the contender's
 * own clock, is overtaken; it then stops at its next step.
 */
export async function withHostLock<T>(
  operation: Operation,
  host: Host,
  description: string,
  timeoutSeconds: number,
  action: (lock: HostLock) => Promise<T>,
): Promise<T> {
  const held = await acquire(operation, host, description, timeoutSeconds);
  return held.during(() => action(held));
}

class HeldHostLock extends Held implements HostLock {
  private renewal = 0;

  constructor(
    operation: Operation,
    private readonly host: Host,
    private readonly state: { holder: string; operation: string; since: string },
  ) {
    super(operation, 'the lock');
  }

  protected async release(): Promise<void> {
    const text = await this.host.files.read(hostLockPath);
    if (text === undefined || readHostLock(text).holder !== this.state.holder) return;
    await this.host.files.exchange(hostLockPath, text, undefined);
  }

  /** From what is there, and not from what we wrote last: an answer may have been lost on its way. */
  protected async renew(): Promise<void> {
    const text = await this.host.files.read(hostLockPath);
    const present = readHostLock(text);
    if (text === undefined || present.holder !== this.state.holder) throw this.overtaken(present);
    this.renewal += 1;
    const next = renderHostLock(this.state, this.renewal);
    if (!(await this.host.files.exchange(hostLockPath, text, next))) {
      throw this.overtaken(readHostLock(await this.host.files.read(hostLockPath)));
    }
  }

  private overtaken({ operation }: { readonly operation: string }): SwarmError {
    const by = operation === '' ? 'is gone' : `was taken over by another run (${operation})`;
    this.lost = new SwarmError(
      'HostLockLost',
      `${this.operation.name}: the lock of ${this.host.description} ${by}; nothing more is done here`,
      { source: 'world' },
    );
    return this.lost;
  }
}

async function acquire(
  operation: Operation,
  host: Host,
  description: string,
  timeoutSeconds: number,
): Promise<HeldHostLock> {
  const { clock } = operation.effects;
  const holder = `${operation.name}-${randomUUID()}`;
  let seen: { readonly text: string | undefined; readonly sinceMs: number } | undefined;
  let held: HeldHostLock | undefined;
  await waitUntil(
    operation,
    `waiting for the lock of ${host.description}`,
    timeoutSeconds,
    async () => {
      const text = await host.files.read(hostLockPath);
      if (seen === undefined || seen.text !== text) seen = { text, sinceMs: clock.monotonicMs() };
      const decision = decideLease(readHostLock(text), holder, clock.monotonicMs() - seen.sinceMs);
      if (decision.next === 'wait') return decision.why;
      const state = { holder, operation: description, since: clock.now().toISOString() };
      const isOurs = await host.files.exchange(hostLockPath, text, renderHostLock(state, 0));
      if (!isOurs) return 'another run was faster';
      held = new HeldHostLock(operation, host, state);
      return true;
    },
  );
  if (held === undefined) throw new Error('the lock was taken without a holder');
  return held;
}
