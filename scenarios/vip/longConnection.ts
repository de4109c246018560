import { connect, type Socket } from 'node:net';

/** A time when a connection that was there ended, for whatever reason. */
export interface ConnectionCut {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly reason: 'closed' | 'reset' | 'silent';
  /** Until the next connection stood; undefined: it never did. */
  readonly backAfterMs?: number;
}

export interface LongConnection {
  /** Ends it; every cut so far, in order. */
  stop(): readonly ConnectionCut[];
}

const byteEveryMs = 100;
/** Twice the time after which TCP repeats a lost byte on a path as short as a lab's, and more. */
const silentAfterMs = 1000;
const connectTimeoutMs = 1000;

/**
 * Holds one connection to a service that echoes: a byte every 100 ms, each of which must come back, and
 * a new connection as soon as the old one is cut.
 */
export function holdConnection(address: string, port: number): LongConnection {
  const cuts: ConnectionCut[] = [];
  const watch = { isOver: false, socket: undefined as Socket | undefined };
  const now = (): number => performance.timeOrigin + performance.now();

  const open = (cutAtMs?: number): void => {
    if (watch.isOver) return;
    const socket = connect(port, address);
    watch.socket = socket;
    let standsSince: number | undefined;
    let echoedAt = 0;
    let isSettled = false;
    const settle = (reason: ConnectionCut['reason']): void => {
      if (isSettled) return;
      isSettled = true;
      clearInterval(timer);
      socket.destroy();
      if (watch.isOver) return;
      if (standsSince === undefined) {
        setTimeout(() => {
          open(cutAtMs);
        }, byteEveryMs);
        return;
      }
      const atMs = now();
      cuts.push({ atMs, reason });
      open(atMs);
    };
    const timer = setInterval(() => {
      if (standsSince === undefined) return;
      if (performance.now() - echoedAt > silentAfterMs) settle('silent');
      else socket.write('.');
    }, byteEveryMs);
    socket.setTimeout(connectTimeoutMs, () => {
      if (standsSince === undefined) settle('silent');
    });
    socket.on('connect', () => {
      socket.setNoDelay(true);
      standsSince = now();
      echoedAt = performance.now();
      const last = cuts.at(-1);
      if (cutAtMs !== undefined && last !== undefined) {
        cuts[cuts.length - 1] = { ...last, backAfterMs: standsSince - cutAtMs };
      }
    });
    socket.on('data', () => {
      echoedAt = performance.now();
    });
    socket.on('end', () => {
      settle('closed');
    });
    socket.on('error', () => {
      settle('reset');
    });
    socket.on('close', () => {
      settle('closed');
    });
  };
  open();
  return {
    stop: () => {
      watch.isOver = true;
      watch.socket?.destroy();
      return cuts;
    },
  };
}
