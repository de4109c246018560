import type { Readable, Writable } from 'node:stream';
import { SwarmError, errorMessage } from '../../core/errors';
import { ConnectionLost, type ExecResult, ExecTimeout, channelExec } from './channelExec';
import { ChannelRefused } from './openChannel';
import { unreachable } from './openClient';
import { type Rights, commandLine, sudoAnswer } from './privilege';
import type { SshSession } from './sshSession';

export interface ExecOptions {
  /** Content for standard input; a function is called for each attempt. */
  readonly stdin?: string | Buffer | (() => Readable);
  /** Takes standard output in place of the result; a function is called for each attempt. */
  readonly sink?: () => Writable;
  /** Default: 300. */
  readonly timeoutSeconds?: number;
  /** Whose rights it needs. Default: `root`. */
  readonly rights?: Rights;
  /** Further environment variables. They are part of the command line: never secrets. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Bytes kept of each stream's end. Default: 1 MiB. */
  readonly maxOutputBytes?: number;
}

/** Runs an argv, by default with root's rights. A non-zero exit is a result. */
export type Exec = (argv: readonly string[], options?: ExecOptions) => Promise<ExecResult>;

/** How long the host has to kill the command at its timeout before the channel is given up here. */
const graceSeconds = 8;

/**
 * Runs commands on a session's host. The host itself ends a command at its timeout (`timeout` of
 * coreutils), because closing a channel does not: sshd leaves the process running.
 *
 * @throws SwarmError `HostUnreachable`, `CommandTimedOut`, `HostNotPrivileged` when sudo refuses.
 */
export function sshExec(session: SshSession): Exec {
  return async (argv, options = {}) => {
    const timeoutSeconds = options.timeoutSeconds ?? 300;
    const result = await start(session, argv, { ...options, timeoutSeconds });
    const isEnded = result.code === 124 || result.code === 137;
    if (isEnded && result.durationMs >= timeoutSeconds * 1000 - 50) {
      throw timedOut(session.subject, argv, timeoutSeconds);
    }
    return withoutSudo(session.subject, argv, result, options.rights ?? 'root');
  };
}

/** What the command itself answered: a refusal of sudo is no answer of it, and never "no". */
function withoutSudo(
  subject: string,
  argv: readonly string[],
  result: ExecResult,
  rights: Rights,
): ExecResult {
  const answer = rights === 'login' ? undefined : sudoAnswer(result.code, result.stderr);
  if (answer === 'command not found' && rights === 'root') return { ...result, code: 127 };
  if (answer !== 'refused') return result;
  throw new SwarmError(
    'HostNotPrivileged',
    `${subject}: sudo does not let the login user run \`${argv[0] ?? ''}\` as it is needed; the step was not done; bring the user's rules on the host in line with docs/security.md of this version`,
    { source: 'user' },
  );
}

async function start(
  session: SshSession,
  argv: readonly string[],
  options: ExecOptions & { readonly timeoutSeconds: number },
  isRetry = false,
): Promise<ExecResult> {
  const live = await session.acquire();
  const { timeoutSeconds, environment = {}, rights = 'root' } = options;
  const line = commandLine(argv, { isRoot: live.isRoot, rights, timeoutSeconds, environment });
  try {
    return await session.channels.use(() =>
      channelExec(live.client, line, {
        ...options,
        timeoutMs: (timeoutSeconds + graceSeconds) * 1000,
        onRefusal: () => {
          session.makeRoom();
        },
      }),
    );
  } catch (error) {
    if (error instanceof ExecTimeout) {
      throw timedOut(session.subject, argv, timeoutSeconds);
    }
    if (error instanceof ChannelRefused) {
      throw unreachable(
        session.subject,
        `it opens no further session: ${error.message}; \`${argv[0] ?? ''}\` was not begun`,
        error,
      );
    }
    if (error instanceof ConnectionLost) {
      if (!error.isStarted && !isRetry) {
        return start(session, argv, options, true);
      }
      throw unreachable(
        session.subject,
        `${errorMessage(error)}; whether \`${argv[0] ?? ''}\` finished is not known`,
        error,
      );
    }
    throw error;
  }
}

/** Names only the command itself: its arguments may hold what must not be shown. */
function timedOut(subject: string, argv: readonly string[], seconds: number): SwarmError {
  return new SwarmError(
    'CommandTimedOut',
    `${subject}: \`${argv[0] ?? ''}\` did not end within ${seconds} s and was ended; what it had done until then stays; look at the host and run again`,
    { source: 'world' },
  );
}
