import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { keptDirectory } from '../../core/upgradeMark';
import { Apt } from '../../effects/apt';
import type { Effects, Host } from '../../effects/effects';
import { HostFiles } from '../../effects/hostFiles';
import { Iproute } from '../../effects/iproute';
import type { ExecResult } from '../../effects/ssh/channelExec';
import type { Exec } from '../../effects/ssh/sshExec';
import type { FollowCommand } from '../../effects/ssh/sshFollow';
import { Systemctl } from '../../effects/systemctl';
import { UnpackedPrograms } from '../../effects/unpackedPrograms';
import { systemClock } from '../../effects/clock';

/** Everything that would run as root on a host, each as the argv that sudo gets. */
export type RootCommands = (readonly string[])[];

/** What a stand-in for a host answers to a command; empty success where it is silent. */
export type Answers = (argv: readonly string[]) => Partial<ExecResult> | undefined;

/** An `Exec` that notes what root would run, and runs nothing. */
export function notingExec(noted: RootCommands, answers: Answers = () => undefined): Exec {
  return (argv, options = {}) => {
    if (options.rights === 'inner') noted.push(...innerCommands(argv));
    else if (options.rights !== 'login') noted.push(argv);
    const whole: ExecResult = {
      code: 0,
      stdout: '',
      stderr: '',
      isTruncated: false,
      durationMs: 1,
    };
    return emptied(options.sink).then(() => ({ ...whole, ...answers(argv) }));
  };
}

/** What takes the output of a command gets none. */
async function emptied(sink: (() => Writable) | undefined): Promise<void> {
  const taker = sink?.();
  if (taker !== undefined) await finished(taker.end());
}

/**
 * Runs the script itself, with a recorder where it would be given `sudo -n --`, in a folder of its own:
 * the file's folder is there, and the file too where the script expects one.
 */
function innerCommands(argv: readonly string[]): RootCommands {
  const [program = '', option = '', script = '', name = '', path = '', middle = '', sum = ''] =
    argv;
  const scratch = mkdtempSync(join(tmpdir(), 'swarm-root-'));
  try {
    const file = join(scratch, path);
    mkdirSync(dirname(file), { recursive: true });
    if (/^[0-9a-f]{64}$/.test(middle)) writeFileSync(file, '');
    const recorder = `printf '%s\\n' "$*" >&2; case "$*" in
      *swarm-new) [ "$1" != sha256sum ] || echo ${sum};; sha256sum*) echo ${middle};; esac`;
    const { stderr } = spawnSync(
      program,
      [option, script, name, file, middle, sum, 'sh', '-c', recorder, 'recorder'],
      { encoding: 'utf8', input: '' },
    );
    return stderr
      .replaceAll(scratch, '')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' '));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The same effects; what they do on a host is also done by the real adapters, on an `Exec` that only notes. */
export function notingEffects(effects: Effects, noted: RootCommands): Effects {
  return {
    ...effects,
    hosts: {
      connect: async (connection, options) =>
        notingHost(await effects.hosts.connect(connection, options), noted),
      close: () => effects.hosts.close(),
    },
  };
}

function notingHost(host: Host, noted: RootCommands): Host {
  const exec = notingExec(noted, ([program = '', verb, ...more]) => {
    if (program === 'systemctl' && verb === 'show') {
      return { stdout: 'LoadState=loaded\nActiveState=active\n' };
    }
    if (program === 'sh' && more.includes('repack')) return { stdout: '/tmp/tmp.a1B2c3\n' };
    if (program === 'ls' && more.at(-1) === keptDirectory) return { stdout: 'docker.io.deb\n' };
    if (program === 'ip') return { stdout: '[]' };
    if (verb === '--version') return { stdout: 'Docker version 28.5.2, build 0\n' };
    // Each file of a package is what its name says.
    const deb = program === 'dpkg-deb' ? /\/([^/]+)\.deb$/.exec(more.at(-1) ?? '') : null;
    return deb?.[1] === undefined ? undefined : { stdout: `${deb[1]} 28.5.2-1` };
  });
  const files = new HostFiles('h', exec);
  const shadow = {
    files,
    systemd: new Systemctl('h', exec),
    network: new Iproute('h', exec, followsNothing),
    programs: new UnpackedPrograms('h', exec),
    packages: new Apt('h', exec, files, systemClock, () => Promise.resolve(1)),
  };
  return {
    description: host.description,
    network: doneBefore(host.network, (name, args) => call(shadow.network, name, args), 'listen'),
    facts: () => host.facts(),
    docker: doneBefore(host.docker, () => noted.push(['docker', 'system', 'dial-stdio']), 'listen'),
    files: doneBefore(host.files, (name, args) => call(shadow.files, name, args)),
    systemd: doneBefore(host.systemd, (name, args) => call(shadow.systemd, name, args)),
    programs: doneBefore(host.programs, (name, args) => call(shadow.programs, name, args)),
    packages: doneBefore(host.packages, (name, args) => call(shadow.packages, name, args)),
    run: (argv, options) => {
      noted.push(argv);
      return host.run(argv, options);
    },
  };
}

/** A host that tells of nothing by itself. */
export const followsNothing: FollowCommand = () => () => Promise.resolve();

/** Each method does `first` and then what it does; one of them answers at once. */
function doneBefore<T extends object>(
  target: T,
  first: (method: PropertyKey, args: readonly unknown[]) => unknown,
  atOnce?: keyof T,
): T {
  return new Proxy(target, {
    get: (object, key): unknown => {
      const value: unknown = Reflect.get(object, key);
      if (typeof value !== 'function') return value;
      if (key === atOnce) {
        return (...args: unknown[]): unknown => {
          void first(key, args);
          return Reflect.apply(value, object, args) as unknown;
        };
      }
      return async (...args: unknown[]): Promise<unknown> => {
        await first(key, args);
        return Reflect.apply(value, object, args) as unknown;
      };
    },
  });
}

async function call(target: object, method: PropertyKey, args: readonly unknown[]): Promise<void> {
  const value: unknown = Reflect.get(target, method);
  if (typeof value === 'function') await Reflect.apply(value, target, [...args]);
}
