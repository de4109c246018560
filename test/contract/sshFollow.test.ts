import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import type { SshConnection } from '../../core/connection';
import { systemClock } from '../../effects/clock';
import { sshExec } from '../../effects/ssh/sshExec';
import { sshFollow } from '../../effects/ssh/sshFollow';
import { SshHosts } from '../../effects/ssh/sshHosts';
import { SshSession } from '../../effects/ssh/sshSession';
import { type LocalSshd, sshdSkip, startLocalSshd } from './localSshd';
import { eventually } from './waiting';

const tag = String(process.pid);

/** How a command that is followed comes to its end. */
type Ending = (stop: () => void, session: SshSession) => Promise<void> | void;

/** Processes of this computer whose command line has these words. */
function running(words: readonly string[]): number {
  const { stdout } = spawnSync('pgrep', ['--full', words.join(' ')], { encoding: 'utf8' });
  return stdout.split('\n').length - 1;
}

function connectionTo(sshd: LocalSshd, user = 'root'): SshConnection {
  return {
    ...{ host: '127.0.0.1', port: sshd.port, user },
    ...{ hostKey: sshd.hostKeys.ed25519, privateKey: sshd.clientKey },
  };
}

const until = (what: string, holds: () => boolean): Promise<void> =>
  eventually(systemClock, 20, what, () => Promise.resolve(holds() ? undefined : 'not yet'));

const changeAddress = (): void => {
  for (const verb of ['add', 'del']) {
    execFileSync('ip', ['address', verb, '127.91.0.1/32', 'dev', 'lo']);
  }
};

describe('commands that are followed over SSH', { skip: sshdSkip }, () => {
  let sshd: LocalSshd;
  const sessions: SshSession[] = [];
  const newSession = (): SshSession => {
    const session = new SshSession('h', () => Promise.resolve(connectionTo(sshd)), 10, false);
    sessions.push(session);
    return session;
  };

  before(async () => {
    sshd = await startLocalSshd();
  });
  after(async () => {
    for (const session of sessions) session.close();
    await sshd.remove();
  });

  for (const user of ['root', 'a sudo user'] as const) {
    it(`${user} is told of an address that comes, as long as it listens`, async () => {
      const hosts = new SshHosts(systemClock, { connection: () => Promise.reject(new Error()) });
      const host = await hosts.connect(connectionTo(sshd, user === 'root' ? user : sshd.sudoer));
      let [wakes, others] = [0, 0];
      const stops = [
        host.network.listen(() => (wakes += 1)),
        host.network.listen(() => (others += 1)),
      ];
      await until('both are woken', () => {
        changeAddress();
        return wakes > 0 && others > 0;
      });
      stops[0]?.();
      wakes = 0;
      const before = others;
      await until('the other one is woken', () => {
        changeAddress();
        return others > before;
      });
      stops[1]?.();
      changeAddress();
      await systemClock.sleep(300);
      assert.equal(wakes, 0);
      await hosts.close();
    });
  }

  const ends: Readonly<Record<string, Ending>> = {
    'nobody follows it any more': (stop) => {
      stop();
    },
    'the connection is closed': (_, session) => {
      session.close();
    },
    'sshd dies': async () => {
      await sshd.kill();
      await sshd.start();
    },
  };
  for (const [index, [what, end]] of Object.entries(ends).entries()) {
    it(`a command that says nothing ends when ${what}`, async () => {
      const command = ['sleep', `7${String(index)}.${tag}`];
      const session = newSession();
      const stream = new AbortController();
      const followed = sshFollow(session)(command)(stream.signal, () => undefined);
      await until('it runs', () => running(command) > 0);
      await end(() => {
        stream.abort();
      }, session);
      await followed;
      await until('nothing of it is left', () => running(command) === 0);
    });
  }

  it('a command that ends, or is not there, ends the stream', async () => {
    const session = newSession();
    for (const command of [['true'], ['no-such-command'], ['sh', '-c', 'exit 3']]) {
      await sshFollow(session)(command)(new AbortController().signal, () => undefined);
    }
    assert.equal((await sshExec(session)(['true'])).code, 0, 'the connection is as good as before');
  });

  it('what is not followed any more before it has begun is not begun', async () => {
    const stream = new AbortController();
    const command = ['sleep', `78.${tag}`];
    const followed = sshFollow(newSession())(command)(stream.signal, () => undefined);
    stream.abort();
    await followed;
    assert.equal(running(command), 0);
  });
});

describe(
  'commands that are followed over an sshd that allows one session',
  { skip: sshdSkip },
  () => {
    it('a command goes before what is followed, at once', async () => {
      const sshd = await startLocalSshd(['MaxSessions 1']);
      const session = new SshSession('h', () => Promise.resolve(connectionTo(sshd)), 10, false);
      try {
        await session.acquire();
        // The session of the login is free a moment after it.
        await systemClock.sleep(500);
        const command = ['sleep', `79.${tag}`];
        const followed = sshFollow(session)(command)(new AbortController().signal, () => undefined);
        await until('it runs', () => running(command) > 0);
        const began = performance.now();
        assert.equal((await sshExec(session)(['echo', 'done'])).stdout, 'done\n');
        assert.ok(performance.now() - began < 2_000);
        await followed;
        assert.equal(running(command), 0);
      } finally {
        session.close();
        await sshd.remove();
      }
    });
  },
);
