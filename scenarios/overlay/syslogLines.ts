import { once } from 'node:events';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { createInterface } from 'node:readline';

/** Tag that the clients' log lines have, before the ID of their container. */
export const clientTag = 'overlay-client';

/** One line with `Connectivity error:`. */
export interface OverlayError {
  /** When it was heard, in milliseconds since the epoch. */
  readonly atMs: number;
  readonly line: string;
}

/** What the clients on an overlay network saw, of all that their containers have logged. */
export interface OverlaySight {
  /** Containers that had an answer. */
  readonly clients: number;
  readonly requests: number;
  /** In order. */
  readonly errors: readonly OverlayError[];
  /** Requests whose line never came. */
  readonly unheard: number;
}

/** Receives container logs at an address of this computer, as engines send them: over TCP, so that none is lost on the way. */
export class SyslogLines {
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((socket) => {
    this.sockets.add(socket);
    // An engine that is killed leaves its connections behind.
    socket.on('error', () => socket.destroy());
    createInterface({ input: socket }).on('line', (line) => {
      this.take(line);
    });
  });
  /** By container: numbers of the requests that were told of. */
  private readonly heard = new Map<string, Set<number>>();
  private readonly errors: OverlayError[] = [];
  private isClosed = false;

  static async listen(address: string): Promise<SyslogLines> {
    const lines = new SyslogLines();
    lines.server.listen(0, address);
    await once(lines.server, 'listening');
    return lines;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  sight(): OverlaySight {
    const all = [...this.heard.values()];
    return {
      clients: all.length,
      requests: all.reduce((sum, numbers) => sum + numbers.size, 0),
      errors: [...this.errors],
      unheard: all.reduce((sum, numbers) => sum + Math.max(...numbers) - numbers.size, 0),
    };
  }

  /** May be repeated. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private take(line: string): void {
    const found = new RegExp(
      `${clientTag}/(\\w+)\\[\\d+\\]: (ok|Connectivity error:) (\\d+)(.*)`,
    ).exec(line);
    if (found === null) return;
    const [, container = '', outcome, number, rest] = found;
    const numbers = this.heard.get(container) ?? new Set<number>();
    this.heard.set(container, numbers.add(Number(number)));
    if (outcome !== 'ok') {
      const text = `Connectivity error: ${String(number)}${String(rest).trimEnd()}`;
      this.errors.push({ atMs: Date.now(), line: text });
    }
  }
}
