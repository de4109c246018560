import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:net';

/** A real sshd on this computer with its own configuration, keys and, besides root, two login users. */
export interface LocalSshd {
  readonly port: number;
  /** Logs in as every user. */
  readonly clientKey: string;
  /** Public lines of the server's keys. */
  readonly hostKeys: { readonly ed25519: string; readonly rsa: string };
  /** Has sudo without a password; its login password is `sudoerPassword`. */
  readonly sudoer: string;
  readonly sudoerPassword: string;
  /** Has no sudo. */
  readonly plainUser: string;
  readonly folder: string;
  /** Ends the server and every connection, as a crash does. */
  kill(): Promise<void>;
  start(): Promise<void>;
  remove(): Promise<void>;
}

/** Why the tests with a real sshd are skipped; false when they must run. */
export const sshdSkip: string | false =
  process.getuid?.() === 0 || process.env['CI'] === 'true'
    ? false
    : 'needs root: it starts an sshd and adds users';

/** @param more further lines of its configuration. */
export async function startLocalSshd(more: readonly string[] = []): Promise<LocalSshd> {
  const folder = mkdtempSync(join(tmpdir(), 'swarm-sshd-'));
  const port = await freePort();
  const tag = String(process.pid);
  const sudoer = `swt-sudo-${tag}`;
  const plainUser = `swt-plain-${tag}`;
  const sudoerPassword = `pw-${tag}-x`;
  for (const type of ['ed25519', 'rsa']) {
    run('ssh-keygen', [
      '-q',
      '-t',
      type,
      '-N',
      '',
      '-C',
      'test',
      '-f',
      join(folder, `host_${type}`),
    ]);
  }
  run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'client')]);
  const authorized = join(folder, 'client.pub');
  for (const user of [sudoer, plainUser]) {
    run('useradd', ['--no-create-home', '--home-dir', '/tmp', '--shell', '/bin/sh', user]);
  }
  execFileSync('chpasswd', { input: `${sudoer}:${sudoerPassword}\n${plainUser}:none-${tag}\n` });
  const sudoers = `/etc/sudoers.d/${sudoer}`;
  writeFileSync(sudoers, `${sudoer} ALL=(ALL) NOPASSWD: ALL\n`, { mode: 0o440 });
  mkdirSync('/run/sshd', { recursive: true });
  const configuration = join(folder, 'sshd_config');
  writeFileSync(
    configuration,
    [
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${join(folder, 'host_ed25519')}`,
      `HostKey ${join(folder, 'host_rsa')}`,
      `AuthorizedKeysFile ${authorized}`,
      `PidFile ${join(folder, 'pid')}`,
      'StrictModes no',
      'UsePAM no',
      'PermitRootLogin yes',
      'PasswordAuthentication yes',
      // bash reads ~/.bashrc for sshd, unless a shell started it: root's own file here may take long, and does
      // not bear to be killed (pyenv leaves a lock behind, for which the next shell waits a minute).
      'SetEnv SHLVL=1',
      ...more,
      '',
    ].join('\n'),
  );
  execFileSync('chmod', ['755', folder]);

  let server: ChildProcess | undefined;
  const sshd: LocalSshd = {
    port,
    clientKey: readFileSync(join(folder, 'client'), 'utf8'),
    hostKeys: {
      ed25519: readFileSync(join(folder, 'host_ed25519.pub'), 'utf8'),
      rsa: readFileSync(join(folder, 'host_rsa.pub'), 'utf8'),
    },
    sudoer,
    sudoerPassword,
    plainUser,
    folder,
    async start() {
      server = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', configuration], {
        stdio: 'ignore',
        detached: true,
      });
      await waitForPort(port);
    },
    async kill() {
      const pid = server?.pid;
      if (server === undefined || pid === undefined) {
        return;
      }
      const children = childrenOf(pid);
      const ended = new Promise((resolve) => server?.once('exit', resolve));
      process.kill(pid, 'SIGKILL');
      await ended;
      server = undefined;
      for (const child of children) {
        try {
          process.kill(child, 'SIGKILL');
        } catch {
          // It ended by itself.
        }
      }
    },
    async remove() {
      await sshd.kill();
      for (const user of [sudoer, plainUser]) {
        run('userdel', ['--force', user]);
      }
      rmSync(sudoers, { force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await sshd.start();
  return sshd;
}

/** Processes below `pid`, at any depth. */
function childrenOf(pid: number): readonly number[] {
  const rows = execFileSync('ps', ['-e', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    rows.flatMap(([child, of]) =>
      of === parent && child !== undefined ? [child, ...below(child)] : [],
    );
  return below(pid);
}

function run(command: string, argv: readonly string[]): void {
  execFileSync(command, argv, { stdio: ['ignore', 'ignore', 'ignore'] });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => {
        resolve(port);
      });
    });
  });
}

async function waitForPort(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => {
        resolve(false);
      });
    });
    if (isOpen) {
      return;
    }
    await sleep(50);
  }
  throw new Error(`sshd did not open port ${port}`);
}
