import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';

const timeoutMs = 10_000;

/**
 * Whether a TLS server selects HTTP/2 of a client that offers it. Nothing is sent beside the handshake, so
 * whose certificate it shows does not matter: a swarm's is of an authority of its own. Ends the stream.
 */
export async function selectsHttp2(stream: Duplex): Promise<boolean> {
  try {
    return await new Promise<boolean>((resolve, reject) => {
      const socket = connect(
        { socket: stream, ALPNProtocols: ['h2'], rejectUnauthorized: false },
        () => {
          resolve(socket.alpnProtocol === 'h2');
        },
      );
      socket.once('error', reject);
      socket.once('close', () => {
        reject(new Error('the connection was closed in the handshake'));
      });
      setTimeout(() => {
        reject(new Error(`no handshake within ${String(timeoutMs / 1000)} s`));
      }, timeoutMs).unref();
      // What comes after the answer is nobody's concern any more.
      stream.on('error', reject);
    });
  } finally {
    stream.destroy();
  }
}
