import { errorMessage } from '../core/errors';
import { systemClock, type Clock } from '../effects/clock';
import type { ManagerAnswer, ObserverRow } from './report/quorum';
import { openRowFile } from './rowFile';
import { startTicker } from './ticker';

/** One manager as the observer asks it. */
export interface ObservedManager {
  readonly name: string;
  /** Asks the manager's own socket. The signal is aborted when nobody waits for the answer any more. */
  readonly ask: (signal: AbortSignal) => Promise<ManagerAnswer>;
}

export interface ObserverOptions {
  readonly managers: readonly ObservedManager[];
  /** Path of the raw file: one JSON line per manager and tick (`ObserverRow`). */
  readonly out: string;
  /** Default: 500. */
  readonly intervalMs?: number;
  /** When a manager counts as not answering. Default: 2000. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

export interface Observer {
  /** Asks no more, waits for the answers under way (at most the timeout) and closes the file. */
  stop(): Promise<void>;
}

/**
 * Asks every manager on a fixed schedule. At most one question per manager is waited for: a tick that
 * finds the former one open is a row `still waiting`. After its timeout a question is given up and the
 * next tick asks anew, or one lost connection would blind the observer for good.
 *
 * @throws SwarmError `RowFileFailed`.
 */
export async function startObserver(options: ObserverOptions): Promise<Observer> {
  const { intervalMs = 500, timeoutMs = 2000, clock = systemClock } = options;
  const file = await openRowFile(options.out);
  const write = (row: ObserverRow): void => {
    file.write(JSON.stringify(row));
  };
  const waiting = new Map<string, Promise<void>>();
  const stopTicker = startTicker(clock, intervalMs, ({ plannedAtMs }) => {
    const at = new Date(plannedAtMs).toISOString();
    for (const manager of options.managers) {
      if (waiting.has(manager.name)) {
        write({ at, manager: manager.name, error: 'still waiting' });
        continue;
      }
      const answer = answerWithin(manager, timeoutMs)
        .then(
          ({ members, reachable }) => {
            write({ at, manager: manager.name, members, reachable });
          },
          (error: unknown) => {
            write({ at, manager: manager.name, error: errorMessage(error) });
          },
        )
        .finally(() => waiting.delete(manager.name));
      waiting.set(manager.name, answer);
    }
  });
  return {
    stop: async () => {
      stopTicker();
      await Promise.all(waiting.values());
      await file.close();
    },
  };
}

function answerWithin(manager: ObservedManager, timeoutMs: number): Promise<ManagerAnswer> {
  const abandoned = new AbortController();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const error = new Error(`no answer within ${String(timeoutMs)} ms`);
      abandoned.abort(error);
      reject(error);
    }, timeoutMs);
    // `ask` may throw before it returns a promise.
    void Promise.resolve()
      .then(() => manager.ask(abandoned.signal))
      .then(resolve, reject)
      .finally(() => {
        clearTimeout(timer);
      });
  });
}
