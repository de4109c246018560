import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';

/** A server of this very process on loopback, asked beside each request: it is late exactly when we are. */
export interface LoopbackControl {
  /** Milliseconds from a new connection to the end of its answer; undefined when there was none. */
  readonly ask: () => Promise<number | undefined>;
  readonly close: () => void;
}

const longestMs = 10_000;

export async function openLoopbackControl(): Promise<LoopbackControl> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end('.');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { ask: () => ask(port), close: () => server.close() };
}

function ask(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const startedMs = performance.now();
    const socket = connect(port, '127.0.0.1');
    const settle = (answer: number | undefined): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(longestMs);
    socket.on('data', () => {
      settle(performance.now() - startedMs);
    });
    for (const event of ['error', 'timeout', 'end']) {
      socket.on(event, () => {
        settle(undefined);
      });
    }
  });
}
