import type { Files } from './files';

const path = '/usr/sbin/policy-rc.d';
const mark = 'Written by swarm while it installs packages';

/**
 * Debian's way (invoke-rc.d(8)) to install a service without starting it. It stops meaning anything
 * after 30 minutes by itself, so one that a kill -9 left behind holds no service back for long.
 */
const content = `#!/bin/sh
# ${mark}: services are not started by it.
[ -n "$(find "$0" -mmin -30)" ] && exit 101
exit 0
`;

/**
 * Runs an installation during which no service is started. A policy of somebody else stays as it is
 * and rules instead; one of ours that an earlier run left is replaced.
 */
export async function withServicesHeld<T>(files: Files, action: () => Promise<T>): Promise<T> {
  const present = await files.read(path);
  if (present?.includes(mark) === false) {
    return action();
  }
  await files.write(path, content, { mode: 0o755 });
  try {
    return await action();
  } finally {
    // When this fails too, the connection is gone: the next installation removes it, or it expires.
    await files.remove(path).catch(() => undefined);
  }
}
