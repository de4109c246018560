import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../../effects/clock';
import { SshHosts } from '../../effects/ssh/sshHosts';

/** Listens, and never accepts once it is stopped: when its queue is full the kernel drops every packet. */
const deaf = `
const server = require('node:net').createServer();
server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => console.log(server.address().port));
`;

describe('a host whose packets are dropped', () => {
  let child: ChildProcess;
  let port: number;
  const queued: Socket[] = [];
  const hosts = new SshHosts(systemClock, {
    connection: () => Promise.reject(new Error('no lab here')),
  });
  before(async () => {
    child = spawn(process.execPath, ['-e', deaf], { stdio: ['ignore', 'pipe', 'inherit'] });
    port = await new Promise<number>((resolve) => {
      child.stdout?.once('data', (text: Buffer) => {
        resolve(Number(text.toString()));
      });
    });
    child.kill('SIGSTOP');
    // Until one hangs: then the queue is full.
    for (;;) {
      const socket = connect({ host: '127.0.0.1', port });
      socket.on('error', () => undefined);
      queued.push(socket);
      const isConnected = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => {
          resolve(true);
        });
        setTimeout(() => {
          resolve(false);
        }, 500);
      });
      if (!isConnected) break;
      assert.ok(queued.length < 20, 'its queue never fills');
    }
  });
  after(async () => {
    queued.forEach((socket) => socket.destroy());
    child.kill('SIGKILL');
    await hosts.close();
  });

  it('is waited for once, then for 2 s, and by everybody at the same time', async () => {
    const connection = { host: '127.0.0.1', port, password: 'x', hostKey: key };
    const attempt = async (): Promise<number> => {
      const began = performance.now();
      await assert.rejects(hosts.connect(connection, { timeoutSeconds: 4 }), {
        code: 'HostUnreachable',
        message: /no answer within \d s/,
      });
      return Math.round((performance.now() - began) / 1000);
    };
    assert.deepEqual(await Promise.all([attempt(), attempt(), attempt()]), [4, 4, 4]);
    assert.equal(await attempt(), 2);
    assert.deepEqual(await Promise.all([attempt(), attempt()]), [2, 2]);
  });
});

/** Any well-formed key. */
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
