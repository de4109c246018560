import type { Duplex } from 'node:stream';
import { openChannel, openSession } from '../ssh/openChannel';
import { TailBuffer } from '../ssh/tailBuffer';
import { commandLine } from '../ssh/privilege';
import type { LiveClient, SshSession } from '../ssh/sshSession';

/** A byte stream to the engine's socket, and what its other end said when it could not connect. */
export interface EngineStream {
  readonly stream: Duplex;
  /** Standard error of the program that connects; empty for a forwarded socket. */
  readonly complaint: () => string;
}

/** Gives streams to one engine; closes each after its use. */
export interface StreamSource {
  use<T>(use: (stream: EngineStream) => Promise<T>): Promise<T>;
}

const socketPath = '/var/run/docker.sock';

/**
 * Opens streams to the engine of one host: as root by forwarding its socket over SSH; as any other
 * user, or where sshd forbids forwarding, by `docker system dial-stdio`, which connects its standard
 * streams to that socket.
 */
export class EngineStreams implements StreamSource {
  /** The connection on which forwarding has worked; there a failure means that the socket is silent. */
  private forwardsOn: number | undefined;

  constructor(private readonly session: SshSession) {}

  async use<T>(use: (stream: EngineStream) => Promise<T>): Promise<T> {
    const live = await this.session.acquire();
    const forwarded = live.isRoot ? await this.forward(live) : undefined;
    if (forwarded !== undefined) {
      return close(forwarded, use);
    }
    // A dial-stdio is a session of sshd, of which a connection has only a few; a forward is not.
    return this.session.channels.use(async () => close(await dial(live, this.session), use));
  }

  private async forward(live: LiveClient): Promise<EngineStream | undefined> {
    try {
      const stream = await openChannel((done) =>
        live.client.openssh_forwardOutStreamLocal(socketPath, done),
      );
      this.forwardsOn = live.generation;
      return { stream, complaint: () => '' };
    } catch (error) {
      // sshd gives one and the same reason for "forbidden" and for "nobody listens".
      if (this.forwardsOn === live.generation) {
        throw error;
      }
      return undefined;
    }
  }
}

async function dial(live: LiveClient, session: SshSession): Promise<EngineStream> {
  const line = commandLine(['docker', 'system', 'dial-stdio'], {
    isRoot: live.isRoot,
    rights: 'root',
  });
  const stream = await openSession(
    (done) => live.client.exec(line, done),
    undefined,
    () => {
      session.makeRoom();
    },
  );
  const complaints = new TailBuffer(4096);
  stream.stderr.on('data', (chunk: Buffer) => {
    complaints.write(chunk);
  });
  return { stream, complaint: () => complaints.toString().trim() };
}

async function close<T>(
  stream: EngineStream,
  use: (stream: EngineStream) => Promise<T>,
): Promise<T> {
  // A reset that comes after the answer is nobody's concern any more.
  stream.stream.on('error', () => undefined);
  try {
    return await use(stream);
  } finally {
    stream.stream.destroy();
  }
}
