import type { Client } from 'ssh2';
import { SwarmError } from '../../core/errors';
import { channelExec, ExecTimeout, type ExecResult } from './channelExec';

const loginMilliseconds = 20_000;

/**
 * Whether the login user is root; otherwise that sudo asks for no password.
 *
 * @throws SwarmError `HostNotPrivileged`; `CommandTimedOut` when the login shell comes to no command, or sudo to no end.
 */
export async function checkPrivilege(
  subject: string,
  client: Client,
  user: string,
  timeoutMs = loginMilliseconds,
): Promise<boolean> {
  const run = (command: string): Promise<ExecResult> =>
    asFirst(subject, client, { user, command, timeoutMs });
  const id = await run('id -u');
  if (id.stdout.trim() === '0') {
    return true;
  }
  const sudo = await run('sudo -n true');
  if (sudo.code === 0) {
    return false;
  }
  throw new SwarmError(
    'HostNotPrivileged',
    `${subject}: ${user} is not root and has no sudo without a password (${sudo.stderr.trim()}); nothing can be changed on this host; log in as root, or give the user the rules of docs/security.md in /etc/sudoers.d`,
    { source: 'user' },
  );
}

async function asFirst(
  subject: string,
  client: Client,
  login: { readonly user: string; readonly command: string; readonly timeoutMs: number },
): Promise<ExecResult> {
  const { user, command, timeoutMs } = login;
  try {
    return await channelExec(client, command, { timeoutMs });
  } catch (error) {
    if (!(error instanceof ExecTimeout)) throw error;
    throw new SwarmError(
      'CommandTimedOut',
      `${subject}: sshd let ${user} in, and \`${command}\` did not end within ${String(timeoutMs / 1000)} s; nothing else was begun there; log in by hand and see what it waits for: bash reads ~/.bashrc before each command that comes by SSH`,
      { source: 'world', cause: error },
    );
  }
}
