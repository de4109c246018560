import type { Client } from 'ssh2';
import { SwarmError } from '../../core/errors';
import { channelExec, ExecTimeout, type ExecResult } from './channelExec';

const loginMilliseconds = 20_000;

/**
 * Whether the login user is root; otherwise that sudo asks for no password.
 *
 * @throws SwarmError `HostNotPrivileged`; `CommandTimedOut` when the login shell comes to no command.
 */
export async function checkPrivilege(
  subject: string,
  client: Client,
  user: string,
  timeoutMs = loginMilliseconds,
): Promise<boolean> {
  const id = await first(subject, client, user, timeoutMs);
  if (id.stdout.trim() === '0') {
    return true;
  }
  const sudo = await channelExec(client, 'sudo -n true', { timeoutMs });
  if (sudo.code === 0) {
    return false;
  }
  throw new SwarmError(
    'HostNotPrivileged',
    `${subject}: ${user} is not root and has no sudo without a password (${sudo.stderr.trim()}); nothing can be changed on this host; log in as root, or give the user the rules of docs/security.md in /etc/sudoers.d`,
    { source: 'user' },
  );
}

async function first(
  subject: string,
  client: Client,
  user: string,
  timeoutMs: number,
): Promise<ExecResult> {
  try {
    return await channelExec(client, 'id -u', { timeoutMs });
  } catch (error) {
    if (!(error instanceof ExecTimeout)) throw error;
    throw new SwarmError(
      'CommandTimedOut',
      `${subject}: sshd let ${user} in, and \`id -u\` did not end within ${String(timeoutMs / 1000)} s; nothing was touched; log in by hand and see what its shell waits for: bash reads ~/.bashrc before each command that comes by SSH`,
      { source: 'world', cause: error },
    );
  }
}
