import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import { holdConnection, type LongConnection } from '../../scenarios/vip/longConnection';

const open: { server?: Server; connection?: LongConnection } = {};

afterEach(() => {
  open.connection?.stop();
  open.server?.close();
});

/** A service that echoes, and hands its connections over one by one. */
async function echo(answers = true): Promise<{ port: number; next: () => Promise<Socket> }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (answers) socket.pipe(socket);
  });
  open.server = server;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    next: async () => ((await once(server, 'connection')) as [Socket])[0],
  };
}

for (const how of ['end', 'resetAndDestroy'] as const) {
  test(`a connection cut by ${how} of its other end is one cut, and the next stands soon`, async () => {
    const { port, next } = await echo();
    const first = next();
    const connection = holdConnection('127.0.0.1', port);
    open.connection = connection;
    const socket = await first;
    await once(socket, 'data');
    const second = next();
    socket[how]();
    await once(await second, 'data');
    const cuts = connection.stop();
    assert.equal(cuts.length, 1);
    assert.ok((cuts[0]?.backAfterMs ?? Infinity) < 1000);
  });
}

test('a connection whose bytes do not come back is cut, be it open or not', async () => {
  const { port, next } = await echo(false);
  const first = next();
  const connection = holdConnection('127.0.0.1', port);
  open.connection = connection;
  await first;
  await next();
  assert.deepEqual(
    connection.stop().map((cut) => cut.reason),
    ['silent'],
  );
});

test('a connection that holds is not cut, and its own end is none', async () => {
  const { port, next } = await echo();
  const first = next();
  const connection = holdConnection('127.0.0.1', port);
  open.connection = connection;
  const socket = await first;
  for (let bytes = 0; bytes < 3; bytes += 1) await once(socket, 'data');
  assert.deepEqual(connection.stop(), []);
});
