import type { Clock } from '../effects/clock';
import type { ProbeResult } from './httpProbe';
import type { ClientRow } from './report/clientRows';
import { startTicker } from './ticker';

export interface RequestLoopOptions {
  /** Milliseconds between planned requests. */
  readonly intervalMs: number;
  /** Requests under way at once; ticks beyond it are `skipped`. Default: 200. */
  readonly maximumInFlight?: number;
  /**
   * A tick served later than this is `skipped`. Default: 80 ms, less than the shortest cut that the
   * client must notice (100 ms): a stall of the client itself can never hide one.
   */
  readonly maximumLateMs?: number;
  readonly clock: Clock;
  /** Must not reject. */
  readonly probe: () => Promise<ProbeResult>;
  /** Milliseconds that the client's own server took, see `ClientRow.controlMs`. Must not reject. */
  readonly control?: () => Promise<number | undefined>;
  /** Called once for every planned tick, when its outcome is known. */
  readonly onRow: (row: ClientRow) => void;
}

export interface RequestLoop {
  /** Plans no more ticks; resolves when every planned one has its row. */
  stop(): Promise<void>;
}

/** Sends one request per tick, whatever became of the ones before. */
export function startRequestLoop(options: RequestLoopOptions): RequestLoop {
  const { maximumInFlight = 200, maximumLateMs = 80, control = unwatched } = options;
  const inFlight = new Set<Promise<void>>();
  const stopTicker = startTicker(options.clock, options.intervalMs, ({ plannedAtMs, lateMs }) => {
    if (lateMs > maximumLateMs || inFlight.size >= maximumInFlight) {
      options.onRow({ plannedAtMs, outcome: 'skipped' });
      return;
    }
    const startedAtMs = plannedAtMs + lateMs;
    const request = Promise.all([options.probe(), control()]).then(([result, controlMs]) => {
      inFlight.delete(request);
      options.onRow({
        plannedAtMs,
        ...(result.outcome === 'skipped' ? {} : { startedAtMs }),
        ...result,
        ...(controlMs === undefined || result.outcome === 'skipped' ? {} : { controlMs }),
      });
    });
    inFlight.add(request);
  });
  return {
    stop: async () => {
      stopTicker();
      await Promise.all(inFlight);
    },
  };
}

function unwatched(): Promise<undefined> {
  return Promise.resolve(undefined);
}
