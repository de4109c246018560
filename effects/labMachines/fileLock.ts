import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import * as path from 'node:path';
import { SwarmError } from '../../core/errors';
import { toolPath } from './tool';

/**
 * Lock files are empty and stay for good: removing one while somebody waits on it would let two in.
 * The directory ends with a reboot.
 */
const lockDirectory = '/run/lock/swarm-lab';

/**
 * Runs an action while holding a lock that excludes every other process and every other promise of
 * this one. The kernel gives the lock back when this process dies, however it dies: it is held by a
 * child (`flock FILE cat`) that ends when its standard input does.
 *
 * @throws SwarmError `LabBusy` when the lock is not free in time.
 */
export async function withLock<T>(
  name: string,
  action: () => Promise<T>,
  waitSeconds = 900,
): Promise<T> {
  const release = await acquire(name, waitSeconds);
  try {
    return await action();
  } finally {
    await release();
  }
}

async function acquire(name: string, waitSeconds: number): Promise<() => Promise<void>> {
  mkdirSync(lockDirectory, { recursive: true, mode: 0o700 });
  const file = path.join(lockDirectory, `${name}.lock`);
  // In a session of its own, or Ctrl-C in the terminal would end the holder before its owner.
  const holder = spawn('flock', ['--wait', String(waitSeconds), '--exclusive', file, 'cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
    env: { PATH: toolPath },
  });
  const ended = new Promise<void>((resolve) =>
    holder.once('close', () => {
      resolve();
    }),
  );
  holder.stdin.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    holder.once('error', (cause) => {
      const message = `flock: could not be started (${cause.message}); a lab cannot be locked; install the package util-linux`;
      reject(new SwarmError('LabMissing', message, { source: 'world', cause }));
    });
    holder.once('close', () => {
      const message = `lock ${file}: not free within ${String(waitSeconds)} s; another process works on the same thing; wait for it, or end it`;
      reject(new SwarmError('LabBusy', message, { source: 'world' }));
    });
    // The echo of this line is the proof that `cat` runs, and so that the lock is held.
    holder.stdout.once('data', () => {
      resolve();
    });
    holder.stdin.write('held\n');
  });
  return async () => {
    holder.stdin.end();
    await ended;
  };
}
