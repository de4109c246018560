import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import { probe, type ProbeResult } from '../../demo/httpProbe';

/** Asks a server that treats every new connection with `serve`. */
async function probeServer(serve: (socket: Socket) => void): Promise<ProbeResult> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await probe(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, 150);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

const replies =
  (text: string) =>
  (socket: Socket): void => {
    socket.once('data', () => socket.end(text));
  };

test('a whole answer is ok, with its time and who gave it', async () => {
  const result = await probeServer(replies('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nm1\n'));
  assert.equal(result.outcome, 'ok');
  assert.equal(result.servedBy, 'm1');
  assert.ok(result.latencyMs !== undefined && result.latencyMs > 0 && result.latencyMs < 150);
});

const outcomes: readonly (readonly [string, (socket: Socket) => void, string])[] = [
  ['another status', replies('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n'), 'http-503'],
  ['a body cut off', replies('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nm1'), 'short'],
  ['an empty body', replies('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'), 'short'],
  ['something that is not HTTP', replies('nonsense\r\n\r\n'), 'short'],
  ['a connection closed without an answer', replies(''), 'reset'],
  ['silence', () => undefined, 'timeout'],
];

for (const [what, serve, outcome] of outcomes) {
  test(`${what} is ${outcome}`, async () => {
    assert.deepEqual(await probeServer(serve), { outcome });
  });
}

test('a closed port is refused', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  assert.deepEqual(await probe(`http://127.0.0.1:${port}/`, 150), { outcome: 'refused' });
});
