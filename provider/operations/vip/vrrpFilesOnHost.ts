import type { VrrpFile } from '../../../core/keepalived/hostFile';
import { dropInPath } from '../../../core/keepalived/keepalivedDropIn';
import { vrrpFilePaths } from '../../../core/keepalived/vrrpFiles';
import type { Host } from '../../../effects/effects';

/**
 * Puts what differs in place, before the configuration that needs it. Where that one is not there yet,
 * systemd reads its part anew in any case: an earlier run may have died before it did.
 */
export async function putVrrpFiles(
  host: Host,
  files: readonly VrrpFile[],
  isConfigured: boolean,
): Promise<void> {
  const changed = await Promise.all(
    files.map(async ({ path, text, mode }) => {
      if ((await host.files.read(path)) === text) return [];
      await host.files.write(path, text, { mode });
      return [path];
    }),
  );
  if (!isConfigured || changed.flat().includes(dropInPath)) await host.systemd.daemonReload();
}

/** Removes every file of ours that is not among these. */
export async function removeVrrpFiles(host: Host, wanted: readonly VrrpFile[]): Promise<void> {
  const paths = vrrpFilePaths.filter((path) => !wanted.some((file) => file.path === path));
  await Promise.all(
    paths.map(async (path) => {
      if ((await host.files.read(path)) !== undefined) await host.files.remove(path);
    }),
  );
  if (paths.includes(dropInPath)) await host.systemd.daemonReload();
}
