import type { Readable } from 'node:stream';
import { SwarmError, errorMessage } from '../../core/errors';
import { ConnectionLost, type ExecResult, ExecTimeout, channelExec } from './channelExec';
import { ChannelRefused } from './openChannel';
import { unreachable } from './openClient';
import { quoteArgv } from './quoteArgv';
import type { SshSession } from './sshSession';

export interface ExecOptions {
  /** Content for standard input; a function is called for each attempt. */
  readonly stdin?: string | Buffer | (() => Readable);
  /** Default: 300. */
  readonly timeoutSeconds?: number;
  /** Further environment variables. They are part of the argv of `env`: never secrets. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Bytes kept of each stream's end. Default: 1 MiB. */
  readonly maxOutputBytes?: number;
}

/** Runs an argv with root's rights. A non-zero exit is a result. */
export type Exec = (argv: readonly string[], options?: ExecOptions) => Promise<ExecResult>;

/** sshd's own PATH leaves out the sbin folders for users that are not root. */
const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** How long the host has to kill the command at its timeout before the channel is given up here. */
const graceSeconds = 8;

/**
 * Runs commands on a session's host. The host itself ends a command at its timeout (`timeout` of
 * coreutils), because closing a channel does not: sshd leaves the process running.
 *
 * @throws SwarmError `HostUnreachable`, `CommandTimedOut`.
 */
export function sshExec(session: SshSession): Exec {
  return async (argv, options = {}) => {
    const timeoutSeconds = options.timeoutSeconds ?? 300;
    const result = await start(session, argv, { ...options, timeoutSeconds });
    const isEnded = result.code === 124 || result.code === 137;
    if (isEnded && result.durationMs >= timeoutSeconds * 1000 - 50) {
      throw timedOut(session.subject, argv, timeoutSeconds);
    }
    return result;
  };
}

/** `argv` as it goes over the wire: with a fixed environment, and through sudo where it is needed. */
export function privilegedCommandLine(
  isRoot: boolean,
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): string {
  const variables = { LC_ALL: 'C', PATH: path, ...environment };
  return quoteArgv([
    ...(isRoot ? [] : ['sudo', '-n', '--']),
    'env',
    ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    ...argv,
  ]);
}

async function start(
  session: SshSession,
  argv: readonly string[],
  options: ExecOptions & { readonly timeoutSeconds: number },
  isRetry = false,
): Promise<ExecResult> {
  const live = await session.acquire();
  const limited = ['timeout', '--kill-after=5', String(options.timeoutSeconds), ...argv];
  const commandLine = privilegedCommandLine(live.isRoot, limited, options.environment);
  try {
    return await session.channels.use(() =>
      channelExec(live.client, commandLine, {
        ...options,
        timeoutMs: (options.timeoutSeconds + graceSeconds) * 1000,
      }),
    );
  } catch (error) {
    if (error instanceof ExecTimeout) {
      throw timedOut(session.subject, argv, options.timeoutSeconds);
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
