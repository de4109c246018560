import type { VrrpFile } from '../../../core/keepalived/hostFile';
import { dropInPath } from '../../../core/keepalived/keepalivedDropIn';
import { vrrpFilePaths } from '../../../core/keepalived/vrrpFiles';
import type { Host } from '../../../effects/effects';

/**
 * Puts what differs in place, before the configuration that needs it. systemd has to read its part anew before it starts
 * keepalived: to enable the unit does that too.
 */
export async function putVrrpFiles(host: Host, files: readonly VrrpFile[]): Promise<void> {
  await Promise.all(
    files.map(async ({ path, text, mode }) => {
      if ((await host.files.read(path)) !== text) await host.files.write(path, text, { mode });
    }),
  );
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
