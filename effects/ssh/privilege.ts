import { quoteArgv } from './quoteArgv';

/**
 * Whose rights a command has. `root`: root's, by sudo where the login user is another; `login`: the
 * login user's, for what everybody may do; `inner`: the login user's too, and the command is given
 * what its own commands need to become root as its last arguments: `sudo -n --`, or nothing.
 */
export type Rights = 'root' | 'login' | 'inner';

export interface CommandRights {
  /** The login user is root. */
  readonly isRoot: boolean;
  readonly rights: Rights;
  /** Seconds after which the host ends the command; undefined: never. */
  readonly timeoutSeconds?: number;
  /** Further environment variables. They are part of the command line: never secrets. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** sshd's own PATH leaves out the sbin folders for users that are not root. */
const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Variables go before the `--`: behind it sudo would take one for the command. */
function sudo(variables: readonly string[] = []): readonly string[] {
  return ['sudo', '-n', ...variables, '--'];
}

/**
 * `argv` as it goes over the wire. sudo comes last, directly before the command: behind an `env` or a
 * `timeout` that runs as root, a rule of sudoers could not tell one command from another. The login
 * user's `timeout` ends a root command all the same, because sudo hands its signal on.
 */
export function commandLine(argv: readonly string[], how: CommandRights): string {
  const { isRoot, rights, timeoutSeconds, environment = {} } = how;
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return quoteArgv([
    'env',
    'LC_ALL=C',
    `PATH=${path}`,
    // sudo empties the environment: to it they are given by name.
    ...(isRoot || rights !== 'root' ? variables : []),
    ...(timeoutSeconds === undefined ? [] : ['timeout', '--kill-after=5', String(timeoutSeconds)]),
    ...(rights === 'root' && !isRoot ? sudo(variables) : []),
    ...argv,
    ...(rights === 'inner' && !isRoot ? sudo() : []),
  ]);
}

/** What sudo itself answered instead of running a command. */
export type SudoAnswer = 'refused' | 'command not found';

/** Tells sudo's own answer from that of the command; undefined: the command was run. */
export function sudoAnswer(code: number, stderr: string): SudoAnswer | undefined {
  if (code !== 1) return undefined;
  if (/^sudo: .*: command not found$/m.test(stderr)) return 'command not found';
  return /^sudo: (?:a password is required|.*you must have a tty)|^Sorry, user .* (?:is not allowed to (?:execute|set)|may not run sudo)|^sudo: sorry, you are not allowed to/m.test(
    stderr,
  )
    ? 'refused'
    : undefined;
}
