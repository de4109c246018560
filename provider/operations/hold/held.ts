import { leaseRenewSeconds } from '../../../core/lease';
import { SwarmError, errorMessage } from '../../../core/errors';
import type { Operation } from '../../server/resource';

/** What keeps other runs out while this one works: the lease of a swarm, or the lock of a host. Renewed beside the work. */
export abstract class Held {
  /** Why it is no longer ours. */
  protected lost: SwarmError | undefined;
  private renewedAt: number;

  protected constructor(
    protected readonly operation: Operation,
    /** As it stands in sentences, e.g. `the lease`. */
    private readonly what: string,
  ) {
    this.renewedAt = operation.effects.clock.monotonicMs();
  }

  /** Throws when it was taken over, or could not be renewed for so long that it may have been. */
  async confirm(): Promise<void> {
    if (this.lost !== undefined) throw this.lost;
    const age = this.operation.effects.clock.monotonicMs() - this.renewedAt;
    if (age > 2 * leaseRenewSeconds * 1000) await this.renewNow();
  }

  async step<T>(sentence: string, action: () => Promise<T>): Promise<T> {
    await this.confirm();
    return this.operation.step(sentence, action);
  }

  /** Renewed while the action runs, and given back at its end, which never throws. */
  async during<T>(action: () => Promise<T>): Promise<T> {
    const stopRenewing = new AbortController();
    const renewing = this.keepRenewing(stopRenewing.signal);
    try {
      return await action();
    } finally {
      stopRenewing.abort();
      await renewing;
      // The work is done; what cannot be given back lapses by itself.
      await this.release().catch((error: unknown) => {
        this.operation.status(`${this.what} lapses by itself: ${errorMessage(error)}`);
      });
    }
  }

  /** Sets `lost` when it was taken over. */
  protected abstract renew(): Promise<void>;
  protected abstract release(): Promise<void>;

  private async renewNow(): Promise<void> {
    await this.renew();
    this.renewedAt = this.operation.effects.clock.monotonicMs();
  }

  /** Until it is told to stop, or until it is lost. */
  private async keepRenewing(stop: AbortSignal): Promise<void> {
    while (this.lost === undefined) {
      try {
        await this.operation.effects.clock.sleep(leaseRenewSeconds * 1000, stop);
        await this.renewNow();
      } catch (error) {
        if (stop.aborted) return;
        // One renewal that fails is not the operation's failure: the next may pass, and what is lost
        // shows at the next step.
        this.operation.status(`renewing ${this.what}: ${errorMessage(error)}`);
      }
    }
  }
}

const lostCodes: readonly string[] = ['RunLost', 'LeaseLost', 'HostLockLost'];

/** This run is over, or another one has taken over: what the mark on the host tells of is set right by the next. */
export function isNotOurs(error: unknown): boolean {
  return error instanceof SwarmError && lostCodes.includes(error.code);
}
