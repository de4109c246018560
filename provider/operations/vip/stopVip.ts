import { dropInPath } from '../../../core/keepalived/keepalivedDropIn';
import { keepalivedPath, keepalivedUnit } from '../../../core/keepalived/keepalivedUnit';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { waitUntil } from '../ask/waitUntil';
import { beginStop, stopSeconds } from '../host/beginStop';
import { removeVrrpFiles } from './vrrpFilesOnHost';

/** Its file goes when keepalived has ended: until then a Delete that was killed is done again. */
export async function stopVip(host: Host): Promise<void> {
  await Promise.all([host.systemd.stop(keepalivedUnit), host.systemd.disable(keepalivedUnit)]);
  await host.files.remove(keepalivedPath);
  await removeVrrpFiles(host, []);
}

/**
 * The same for a node that goes, and does not hold the address: only until keepalived is ending. From then on it takes no part,
 * and systemd sees it to its end, a second later, also when nobody waits. `awaitVipStopped` does the rest, while the node is drained.
 */
export async function beginVipStop(operation: Operation, host: Host): Promise<void> {
  await beginStop(operation, host, keepalivedUnit, () => host.systemd.stop(keepalivedUnit));
  await host.files.remove(keepalivedPath);
}

/**
 * Sees that a keepalived whose stop was begun has ended, and takes away what is left of it. Goes by what is on the host, so that
 * it also ends what an interrupted run began. One that runs without its file is somebody's, and is left alone.
 */
export async function awaitVipStopped(operation: Operation, host: Host): Promise<void> {
  const [configuration, dropIn] = await Promise.all([
    host.files.read(keepalivedPath),
    host.files.read(dropInPath),
  ]);
  if (configuration !== undefined || dropIn === undefined) return;
  const state = (): Promise<string> => host.systemd.state(keepalivedUnit);
  if ((await state()) === 'active') return;
  await Promise.all([
    host.systemd.disable(keepalivedUnit),
    waitUntil(operation, 'keepalived has ended', stopSeconds, async () => {
      const now = await state();
      return ['inactive', 'failed', 'absent'].includes(now) || `it is ${now}`;
    }),
  ]);
  await removeVrrpFiles(host, []);
}
