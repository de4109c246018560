import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { Client, ClientChannel } from 'ssh2';
import { channelExec, ConnectionLost } from '../../effects/ssh/channelExec';
import { checkPrivilege } from '../../effects/ssh/checkPrivilege';
import { ChannelRefused } from '../../effects/ssh/openChannel';
import { Slots } from '../../effects/ssh/slots';
import { sshExec } from '../../effects/ssh/sshExec';
import type { SshSession } from '../../effects/ssh/sshSession';

const timeoutMs = 2000;
const busy = refused('open failed', 2);

test('a session that sshd refuses for a moment is opened again', async () => {
  const client = fakeClient([busy, refused('no more', 4), 'works']);
  const result = await channelExec(client.client, 'true', { timeoutMs });
  assert.equal(result.code, 0);
  assert.equal(result.stdout, 'done');
  assert.equal(client.calls(), 3);
});

test('a host that goes on refusing is given up before the timeout, with nothing begun', async () => {
  const client = fakeClient(Array.from({ length: 20 }, () => busy));
  await assert.rejects(channelExec(client.client, 'true', { timeoutMs: 400 }), (error) => {
    assert.ok(error instanceof ChannelRefused);
    assert.equal(error.isStarted, false);
    assert.match(error.message, /open failed/);
    return true;
  });
  // At 0, 50 and 150 ms; the next one would be at 350 ms.
  assert.ok(client.calls() >= 3 && client.calls() <= 4, String(client.calls()));
});

test('what sshd forbids is not tried again', async () => {
  const client = fakeClient([refused('prohibited', 1), 'works']);
  await assert.rejects(channelExec(client.client, 'true', { timeoutMs }), ChannelRefused);
  assert.equal(client.calls(), 1);
});

for (const [name, error] of Object.entries({
  'is lost': new Error('No response from server'),
  'ends, for which ssh2 gives an empty reason': refused('server closed channel', ''),
})) {
  test(`a connection that ${name} is not tried again: the command may have begun`, async () => {
    const client = fakeClient([error, 'works']);
    await assert.rejects(channelExec(client.client, 'true', { timeoutMs }), lost(true));
    assert.equal(client.calls(), 1);
  });
}

test('a connection that breaks while it waits has not begun the command', async () => {
  const client = fakeClient([busy, 'not connected', 'works']);
  await assert.rejects(channelExec(client.client, 'true', { timeoutMs }), lost(false));
  assert.equal(client.calls(), 2);
});

test('a refusal that stays is told as a command that was not begun, on one connection', async () => {
  const client = fakeClient([refused('prohibited', 1), 'works']);
  let acquired = 0;
  const session: Pick<SshSession, 'subject' | 'channels' | 'acquire'> = {
    subject: 'host a',
    channels: new Slots(8),
    acquire: () => {
      acquired += 1;
      return Promise.resolve({ client: client.client, isRoot: true, generation: 1 });
    },
  };
  await assert.rejects(sshExec(session as SshSession)(['reboot']), {
    code: 'HostUnreachable',
    message: /prohibited; `reboot` was not begun/,
  });
  assert.equal(acquired, 1);
});

test('a login shell or a sudo that comes to no end is named, with where to look', async () => {
  for (const [answers, command] of [
    [['hangs'], 'id -u'],
    [['works', 'hangs'], 'sudo -n true'],
  ] as const) {
    const { client } = fakeClient(answers);
    await assert.rejects(checkPrivilege('host a', client, 'ops', 50), {
      code: 'CommandTimedOut',
      message: new RegExp(
        `^host a: sshd let ops in, and \`${command}\` did not end within 0.05 s; .*~/\\.bashrc`,
      ),
    });
  }
});

function lost(isStarted: boolean): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof ConnectionLost);
    assert.equal(error.isStarted, isStarted);
    return true;
  };
}

/** As ssh2 makes it of SSH_MSG_CHANNEL_OPEN_FAILURE. */
function refused(description: string, reason: number | ''): Error {
  return Object.assign(new Error(`(SSH) Channel open failure: ${description}`), { reason });
}

/** A client whose `exec` answers in turn. */
function fakeClient(answers: readonly (Error | 'works' | 'hangs' | 'not connected')[]) {
  let calls = 0;
  const exec = (
    _command: string,
    done: (error: Error | undefined, channel: ClientChannel) => void,
  ): void => {
    const answer = answers[calls];
    calls += 1;
    if (answer === 'hangs') return;
    if (answer === 'not connected') throw new Error('Not connected');
    const error = answer === 'works' ? undefined : (answer ?? new Error('one call too many'));
    setImmediate(() => {
      const channel = fakeChannel();
      done(error, channel);
      // sshd's answer and the exit come in one packet: ssh2 tells both in one turn.
      channel.emit('exit', 0);
    });
  };
  return { client: { exec } as unknown as Client, calls: () => calls };
}

function fakeChannel(): ClientChannel {
  const channel = Object.assign(new EventEmitter(), {
    stderr: new PassThrough(),
    end: () => {
      setImmediate(() => {
        channel.emit('data', Buffer.from('done'));
        channel.emit('close');
      });
    },
    destroy: () => undefined,
  });
  return channel as unknown as ClientChannel;
}
