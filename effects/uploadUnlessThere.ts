import { localFiles } from './localFiles';
import type { HostFiles } from './hostFiles';
import type { Exec } from './ssh/sshExec';

/** Copies a file of this computer to a host, unless its content is there already: it may be large. */
export async function uploadUnlessThere(
  { exec, files }: { readonly exec: Exec; readonly files: HostFiles },
  local: string,
  path: string,
): Promise<void> {
  const sum = await localFiles.sha256(local);
  const { code, stdout } = await exec(['sha256sum', '--', path], {
    rights: 'login',
    timeoutSeconds: 120,
  });
  if (code === 0 && stdout.startsWith(`${sum} `)) return;
  await files.upload(local, path);
}
