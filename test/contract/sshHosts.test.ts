import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { SshConnection } from '../../core/connection';
import { SwarmError } from '../../core/errors';
import { systemClock } from '../../effects/clock';
import type { Host } from '../../effects/effects';
import { localFiles } from '../../effects/localFiles';
import { SshHosts } from '../../effects/ssh/sshHosts';
import { type LocalSshd, sshdSkip, startLocalSshd } from './localSshd';

describe('SSH against a real sshd', { skip: sshdSkip }, () => {
  let sshd: LocalSshd;
  let scratch: string;
  let hosts: SshHosts;
  const home = process.env['HOME'];

  const noLab = { connection: () => Promise.reject(new Error('no lab here')) };
  before(async () => {
    sshd = await startLocalSshd();
    scratch = mkdtempSync(join(tmpdir(), 'swarm-ssh-'));
    hosts = new SshHosts(systemClock, noLab);
    process.env['HOME'] = scratch;
    delete process.env['SSH_AUTH_SOCK'];
  });

  after(async () => {
    process.env['HOME'] = home;
    await hosts.close();
    await sshd.remove();
    rmSync(scratch, { recursive: true, force: true });
  });

  const knowHosts = (text: string): void => {
    mkdirSync(join(scratch, '.ssh'), { recursive: true });
    writeFileSync(join(scratch, '.ssh', 'known_hosts'), text);
  };
  const withoutLogin = (): SshConnection => ({
    host: '127.0.0.1',
    port: sshd.port,
    hostKey: sshd.hostKeys.ed25519,
  });
  const asRoot = (more: Partial<SshConnection> = {}): SshConnection => ({
    ...withoutLogin(),
    privateKey: sshd.clientKey,
    ...more,
  });
  const withoutKey = (): SshConnection => ({
    host: '127.0.0.1',
    port: sshd.port,
    privateKey: sshd.clientKey,
  });

  describe('host keys', () => {
    it('refuses a host whose key is in neither place, and tells its fingerprint', async () => {
      knowHosts('');
      await rejects(hosts.connect(withoutKey()), 'HostKeyUnknown', /SHA256:.*known_hosts/s);
    });

    it('accepts a key of known_hosts under a hashed name and a port', async () => {
      knowHosts(`[127.0.0.1]:${sshd.port} ${sshd.hostKeys.ed25519}`);
      execFileSync('ssh-keygen', ['-q', '-H', '-f', join(scratch, '.ssh', 'known_hosts')], {
        stdio: 'ignore',
      });
      assert.match(readFileSync(join(scratch, '.ssh', 'known_hosts'), 'utf8'), /^\|1\|/);
      const own = new SshHosts(systemClock, noLab);
      await own.connect(withoutKey());
      await own.close();
    });

    it('asks for the key type that is known', async () => {
      await hosts.connect(asRoot({ hostKey: sshd.hostKeys.rsa }));
    });

    it('refuses another key than the known one', async () => {
      const other = execFileSync('ssh-keygen', ['-y', '-f', join(sshd.folder, 'client')], {
        encoding: 'utf8',
      });
      await rejects(hosts.connect(asRoot({ hostKey: other })), 'HostKeyChanged', /it shows/);
    });

    it('refuses a revoked key that another line trusts', async () => {
      const name = `[127.0.0.1]:${sshd.port}`;
      knowHosts(`${name} ${sshd.hostKeys.ed25519}@revoked ${name} ${sshd.hostKeys.ed25519}`);
      await rejects(hosts.connect(withoutKey()), 'HostKeyChanged', /@revoked/);
    });

    it('refuses a hostKey that is no key', async () => {
      await rejects(
        hosts.connect(asRoot({ hostKey: 'nonsense' })),
        'HostKeyInvalid',
        /ssh-keyscan/,
      );
    });
  });

  describe('login', () => {
    it('tells a host that does not answer from one that refuses', async () => {
      await rejects(hosts.connect(asRoot({ port: 1 })), 'HostUnreachable', /ECONNREFUSED/);
      await rejects(
        hosts.connect({ ...asRoot(), user: 'nobody-of-that-name' }),
        'HostLoginRefused',
        /nobody-of-that-name/,
      );
      await rejects(hosts.connect(withoutLogin()), 'HostLoginRefused', /no private key/);
    });

    it('reads the key from a file, at each login and from the home directory of whoever runs it', async () => {
      const file = join(scratch, 'key');
      const byFile = (privateKeyFile: string): SshConnection => ({
        ...withoutLogin(),
        privateKeyFile,
      });
      writeFileSync(file, sshd.clientKey, { mode: 0o600 });
      await hosts.connect(byFile(file));
      await hosts.connect(byFile('~/key'));
      rmSync(file);
      const own = new SshHosts(systemClock, noLab);
      await rejects(own.connect(byFile(file)), 'PrivateKeyUnreadable', /ENOENT.*SSH agent/);
      writeFileSync(file, 'no key at all, but a secret');
      await assert.rejects(own.connect(byFile(file)), (error) => {
        assert.ok(error instanceof SwarmError && error.code === 'HostLoginRefused', String(error));
        assert.doesNotMatch(error.message, /secret/);
        return true;
      });
      await own.close();
    });

    it('refuses a user without sudo', async () => {
      await rejects(
        hosts.connect(asRoot({ user: sshd.plainUser })),
        'HostNotPrivileged',
        /sudoers/,
      );
    });

    it('logs in by password, and by nothing of it in an error', async () => {
      const noKey = { ...withoutLogin(), user: sshd.sudoer };
      await hosts.connect({ ...noKey, password: sshd.sudoerPassword });
      await assert.rejects(hosts.connect({ ...noKey, password: 'sekrit-wrong' }), (error) => {
        assert.ok(error instanceof SwarmError);
        assert.equal(error.code, 'HostLoginRefused');
        assert.doesNotMatch(error.message, /sekrit/);
        return true;
      });
    });

    it('gives the same host for an equal connection', async () => {
      assert.equal(await hosts.connect(asRoot()), await hosts.connect(asRoot()));
    });
  });

  for (const login of ['root', 'a sudo user'] as const) {
    describe(`as ${login}`, () => {
      let host: Host;
      let folder: string;

      before(async () => {
        host = await hosts.connect(asRoot(login === 'root' ? {} : { user: sshd.sudoer }));
        // Not writable by the sudo user itself.
        folder = mkdtempSync(join(scratch, 'files-'));
        for (const one of [scratch, folder]) chmodSync(one, 0o755);
      });

      it('gives each argument as it is', async () => {
        const nasty = [
          "it's",
          '$(id)',
          '`id`',
          'a b\tc',
          '"',
          '\\',
          '',
          '*',
          '!x',
          'ü',
          '-n',
          'x=y\nz',
        ];
        const { stdout } = await host.run(['printf', '%s\\0', ...nasty]);
        assert.deepEqual(stdout.split('\0').slice(0, -1), nasty);
      });

      it('runs with root rights and a C locale', async () => {
        assert.equal((await host.run(['id', '-u'])).stdout, '0\n');
        assert.match((await host.run(['printenv', 'LC_ALL'])).stdout, /^C$/m);
      });

      it('gives a non-zero exit as a result', async () => {
        const result = await host.run(['sh', '-c', 'echo out; echo err >&2; exit 7']);
        assert.deepEqual(result, { code: 7, stdout: 'out\n', stderr: 'err\n' });
        assert.equal((await host.run(['no-such-command'])).code, 127);
      });

      it('sends standard input, and bears a command that does not read it', async () => {
        const big = 'x'.repeat(3_000_000);
        assert.equal((await host.run(['wc', '-c'], { stdin: big })).stdout.trim(), '3000000');
        assert.equal((await host.run(['true'], { stdin: big })).code, 0);
      });

      it('keeps the end of a long output', async () => {
        const { stdout } = await host.run(['sh', '-c', 'yes | head -c 3000000; echo end']);
        assert.equal(Buffer.byteLength(stdout), 1024 * 1024);
        assert.match(stdout.slice(-10), /end\n$/);
      });

      it('ends a command at its timeout, on the host too, and names no argument', async () => {
        const marker = `31.${String(process.pid)}${login === 'root' ? 1 : 2}`;
        await assert.rejects(host.run(['sleep', marker], { timeoutSeconds: 1 }), (error) => {
          assert.ok(error instanceof SwarmError);
          assert.equal(error.code, 'CommandTimedOut');
          assert.match(error.message, /`sleep`/);
          assert.ok(!error.message.includes(marker));
          return true;
        });
        const { code } = await host.run(['pgrep', '-f', `^sleep ${marker}`]);
        assert.equal(code, 1, 'the process still runs');
      });

      it('writes, reads, uploads and removes files', async () => {
        const path = join(folder, 'a b', "it's");
        assert.equal(await host.files.read(path), undefined);
        await host.files.write(path, 'grüß\n', { mode: 0o600 });
        assert.equal(await host.files.read(path), 'grüß\n');
        assert.equal(statSync(path).mode & 0o7777, 0o600);
        assert.equal(statSync(path).uid, 0);
        await host.files.write(path, 'second');
        assert.equal(statSync(path).mode & 0o7777, 0o644);

        const local = join(scratch, 'local.bin');
        const bytes = randomBytes(5_000_000);
        writeFileSync(local, bytes);
        await host.files.upload(local, path, { mode: 0o755 });
        assert.ok(readFileSync(path).equals(bytes));
        assert.deepEqual((await host.run(['ls', '-A', join(folder, 'a b')])).stdout, "it's\n");

        const lock = join(folder, 'locks', 'lock');
        assert.equal(await host.files.exchange(lock, 'a', 'b'), false);
        const rivals = ['one', 'two', 'three'];
        const won = await Promise.all(
          rivals.map((rival) => host.files.exchange(lock, undefined, rival)),
        );
        assert.equal(won.filter((isWinner) => isWinner).length, 1);
        const winner = rivals[won.indexOf(true)]!;
        assert.equal(await host.files.read(lock), winner);
        assert.equal(statSync(lock).mode & 0o7777, 0o600);
        assert.equal(await host.files.exchange(lock, `${winner}.`, 'b'), false);
        assert.equal(await host.files.exchange(lock, winner, ''), true);
        assert.equal(await host.files.read(lock), '');
        assert.equal(await host.files.exchange(lock, undefined, undefined), false);
        assert.equal(await host.files.exchange(lock, '', undefined), true);
        assert.equal(await host.files.read(lock), undefined);

        await host.files.remove(path);
        await host.files.remove(path);
        assert.equal(await host.files.read(path), undefined);
        await rejects(host.files.remove(folder), 'FileRemoveFailed', /directory/i);
        await rejects(host.files.upload(join(scratch, 'none'), path), 'FileMissing', /none/);
      });

      it('brings a directory here whole, for its owner only, or not at all', async () => {
        const source = join(folder, 'state');
        mkdirSync(join(source, 'raft'), { recursive: true });
        const bytes = randomBytes(5_000_000);
        writeFileSync(join(source, 'raft', 'wal'), bytes, { mode: 0o600 });
        const local = join(mkdtempSync(join(scratch, 'state-')), 'state.tar');
        await host.files.archive(source, local);
        assert.equal(statSync(local).mode & 0o7777, 0o600);
        const unpacked = mkdtempSync(join(scratch, 'unpacked-'));
        execFileSync('tar', ['-xf', local, '-C', unpacked]);
        assert.ok(readFileSync(join(unpacked, 'state', 'raft', 'wal')).equals(bytes));

        const nowhere = join(scratch, 'nowhere.tar');
        await rejects(
          host.files.archive(join(folder, 'none'), nowhere),
          'FileReadFailed',
          /cannot read .*none \(.*No such file or directory/s,
        );
        await rejects(
          host.files.archive(source, join(scratch, 'no', 'folder.tar')),
          'LocalWriteFailed',
          /folder\.tar: it cannot be written on this computer \(.*ENOENT/,
        );
        assert.deepEqual(
          readdirSync(scratch).filter((name) => name.includes('partial') || name === 'nowhere.tar'),
          [],
        );
        assert.equal((await host.run(['true'])).code, 0, 'the connection is as good as before');
      });

      it('puts a directory back from its archive, and over no other', async () => {
        const source = join(folder, 'raft');
        const at = (...names: readonly string[]): string => join(source, ...names);
        mkdirSync(at('wal'), { recursive: true, mode: 0o700 });
        const bytes = randomBytes(3_000_000);
        writeFileSync(at('wal', '0'), bytes, { mode: 0o600 });
        const archive = join(mkdtempSync(join(scratch, 'raft-')), 'raft.tar');
        await host.files.archive(source, archive);
        assert.deepEqual([...(await localFiles.tarMembers(archive))].sort(), [
          'raft/',
          'raft/wal/',
          'raft/wal/0',
        ]);

        await rejects(host.files.restore(archive, source), 'FileWriteFailed', /not empty/i);
        await host.files.setAside(source);
        assert.equal(existsSync(source), false);
        assert.ok(readFileSync(`${source}.set-aside/wal/0`).equals(bytes));
        await host.files.setAside(source);
        assert.ok(
          existsSync(`${source}.set-aside`),
          'it is there as long as nothing takes its place',
        );
        // An engine that is in no swarm leaves it empty.
        mkdirSync(source);
        for (let time = 0; time < 2; time += 1) {
          await host.files.restore(archive, source);
          assert.ok(readFileSync(at('wal', '0')).equals(bytes));
          assert.equal(statSync(at('wal', '0')).mode & 0o7777, 0o600);
          assert.equal(statSync(source).mode & 0o7777, statSync(at('wal')).mode & 0o7777);
          await host.files.setAside(source);
        }
        await host.files.removeAside(source);
        await host.files.removeAside(source);
        assert.deepEqual(
          readdirSync(folder).filter((name) => name.includes('raft')),
          [],
        );

        const half = join(scratch, 'half.tar');
        writeFileSync(half, readFileSync(archive).subarray(0, 1_000_000));
        await rejects(host.files.restore(half, source), 'FileWriteFailed', /EOF/i);
        assert.equal(existsSync(source), false, 'half of it is not put in its place');
        await rejects(host.files.restore(join(scratch, 'none'), source), 'FileMissing', /none/);
      });

      it('a file has its mode before it has any content', async () => {
        const path = join(folder, 'secret');
        const modes = new Set<number>();
        const writing = host.files.write(path, 'x'.repeat(10_000_000), { mode: 0o600 });
        const written = new AbortController();
        const end = (): void => {
          written.abort();
        };
        writing.then(end, end);
        while (!written.signal.aborted) {
          for (const name of ['secret', '.secret.swarm-new']) {
            const seen = statSync(join(folder, name), { throwIfNoEntry: false });
            if (seen !== undefined) modes.add(seen.mode & 0o7777);
          }
          await systemClock.sleep(1);
        }
        await writing;
        assert.deepEqual([...modes], [0o600]);
      });

      it('tells facts, addresses and ports', async () => {
        const facts = await host.facts();
        assert.match(facts.os, /^debian:/);
        assert.ok(facts.freeBytes > 0 && Math.abs(facts.clockSeconds - Date.now() / 1000) < 30);
        const addresses = await host.network.addresses();
        assert.ok(addresses.some(({ address }) => address === '127.0.0.1'));
        assert.equal(await host.network.probe('127.0.0.1', sshd.port), 'open');
        assert.equal(await host.network.probe('127.0.0.1', 1), 'refused');
        assert.notEqual(await host.network.probe('192.0.2.1', 9, 1), 'open');
        const lists = ['dep', 'builtin'].map((list) => `/lib/modules/${release()}/modules.${list}`);
        const known = lists.filter((path) => existsSync(path));
        assert.equal(
          await host.network.hasIpvs(),
          existsSync('/proc/net/ip_vs') ||
            known.some((path) => readFileSync(path, 'utf8').includes('/ip_vs.ko')),
        );
      });

      it('tells a datagram that nobody takes from one that somebody does', async () => {
        assert.equal(await host.network.probeUdp('127.0.0.1', 1), 'refused');
        const listener = createSocket('udp4');
        try {
          const port = await new Promise<number>((resolve) => {
            listener.bind(0, '127.0.0.1', () => {
              resolve(listener.address().port);
            });
          });
          assert.equal(await host.network.probeUdp('127.0.0.1', port, 1), 'silent');
        } finally {
          listener.close();
        }
      });

      it('runs many commands at once over the one connection', async () => {
        const answers = await Promise.all(
          Array.from({ length: 25 }, (_, index) => host.run(['echo', String(index)])),
        );
        assert.deepEqual(
          answers.map(({ stdout }) => Number(stdout)),
          Array.from({ length: 25 }, (_, index) => index),
        );
      });
    });
  }

  it('opens a broken connection again, with parameters that are asked for anew', async () => {
    let asked = 0;
    const lab = {
      connection: () => {
        asked += 1;
        return Promise.resolve(asRoot());
      },
    };
    const own = new SshHosts(systemClock, lab);
    try {
      const host = await own.connect({ lab: 'l', machine: 'm' });
      const running = host.run(['sleep', '30']);
      const broken = rejects(running, 'HostUnreachable', /whether `sleep` finished is not known/);
      await systemClock.sleep(300);
      await sshd.kill();
      await broken;
      await rejects(host.run(['true']), 'HostUnreachable', /ECONNREFUSED/);
      await sshd.start();
      assert.equal((await host.run(['echo', 'back'])).stdout, 'back\n');
      assert.equal(await own.connect({ lab: 'l', machine: 'm' }), host);
      assert.equal(asked, 3);
    } finally {
      await own.close();
    }
  });
});

async function rejects(promise: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof SwarmError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}
