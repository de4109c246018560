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
  let isUnread = !isConfigured;
  for (const { path, text, mode } of files) {
    if ((await host.files.read(path)) === text) continue;
    await host.files.write(path, text, { mode });
    isUnread ||= path === dropInPath;
  }
  if (isUnread) await host.systemd.daemonReload();
}

/** Removes every file of ours that is not among these. */
export async function removeVrrpFiles(host: Host, wanted: readonly VrrpFile[]): Promise<void> {
  const paths = vrrpFilePaths.filter((path) => !wanted.some((file) => file.path === path));
  for (const path of paths) {
    if ((await host.files.read(path)) !== undefined) await host.files.remove(path);
  }
  if (paths.includes(dropInPath)) await host.systemd.daemonReload();
}
