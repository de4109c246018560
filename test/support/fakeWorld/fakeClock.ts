import type { Clock } from '../../../effects/clock';
import type { Store } from './store';

/** Fake milliseconds that pass in one real one; see fakeWorld.md, "Time". */
const speed = 5000;

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

interface PlannedJump {
  readonly dueMs: number;
  readonly cancel: () => void;
}

/** Time that jumps to the next sleeper when nothing of this process is under way. */
export class FakeClock implements Clock {
  private readonly sleepers = new Set<Sleeper>();
  private planned: PlannedJump | undefined;
  private busy = 0;
  /** When an operation of this process last ended, by the real clock. */
  private busyUntil = 0;

  constructor(
    private readonly store: Store,
    /** Real milliseconds without any operation before time jumps. */
    private readonly idleMs = 0,
  ) {}

  now(): Date {
    return new Date(this.nowMs());
  }

  monotonicMs(): number {
    return this.nowMs();
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.sleepers.delete(sleeper);
        this.pump();
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      const sleeper: Sleeper = {
        dueMs: this.nowMs() + Math.max(0, milliseconds),
        wake: () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        },
      };
      if (signal?.aborted === true) {
        abort();
        return;
      }
      signal?.addEventListener('abort', abort, { once: true });
      this.sleepers.add(sleeper);
      this.pump();
    });
  }

  /** Runs an operation of this process during which time does not jump. */
  async whileBusy<T>(action: () => Promise<T>): Promise<T> {
    this.busy += 1;
    try {
      return await action();
    } finally {
      this.busy -= 1;
      this.busyUntil = performance.now();
    }
  }

  private nowMs(): number {
    return this.store.transact((state) => state.nowMs);
  }

  private earliest(): Sleeper | undefined {
    let earliest: Sleeper | undefined;
    for (const sleeper of this.sleepers) {
      if (earliest === undefined || sleeper.dueMs < earliest.dueMs) earliest = sleeper;
    }
    return earliest;
  }

  /** Plans the jump to the earliest sleeper, in place of one to a later sleeper or to one that was aborted. */
  private pump(): void {
    const next = this.earliest();
    if (this.planned?.dueMs === next?.dueMs) return;
    this.planned?.cancel();
    this.planned = next === undefined ? undefined : this.plan(next.dueMs);
  }

  private plan(dueMs: number): PlannedJump {
    const jump = (): void => {
      this.jump();
    };
    const realMs = Math.max(this.idleMs, (dueMs - this.nowMs()) / speed);
    if (realMs < 1) {
      const immediate = setImmediate(jump);
      return {
        dueMs,
        cancel: () => {
          clearImmediate(immediate);
        },
      };
    }
    const planned = performance.now();
    const timer = setTimeout(() => {
      const now = performance.now();
      // A loop that was late has not heard yet what came meanwhile.
      const isLate = now - planned > 2 * realMs;
      if (this.idleMs > 0 && (isLate || now - this.busyUntil < this.idleMs)) {
        this.planned = this.plan(dueMs);
      } else jump();
    }, realMs);
    return {
      dueMs,
      cancel: () => {
        clearTimeout(timer);
      },
    };
  }

  private jump(): void {
    this.planned = undefined;
    const next = this.earliest();
    if (next === undefined) return;
    if (this.busy > 0) {
      // An operation is under way: looked at again as soon as the loop comes round.
      this.planned = this.plan(this.nowMs());
      return;
    }
    const now = this.store.transact((state) => (state.nowMs = Math.max(state.nowMs, next.dueMs)));
    // Operations move time too, so several may be due at once: the earliest wakes first.
    const due = [...this.sleepers].filter((sleeper) => sleeper.dueMs <= now);
    for (const sleeper of due.sort((a, b) => a.dueMs - b.dueMs)) {
      this.sleepers.delete(sleeper);
      sleeper.wake();
    }
    this.pump();
  }
}
