import type { Duplex } from 'node:stream';
import { openChannel } from './openChannel';
import type { SshSession } from './sshSession';

/** Opens a TCP connection from the host to `address:port`; whoever gets it ends it. */
export type Tunnel = (address: string, port: number) => Promise<Duplex>;

/** Connections that sshd makes on its host, for any login user that it lets forward TCP. */
export function tunnelThrough(session: SshSession): Tunnel {
  return async (address, port) => {
    const { client } = await session.acquire();
    return openChannel((done) => client.forwardOut('127.0.0.1', 0, address, port, done));
  };
}
