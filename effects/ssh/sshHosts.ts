import { createHash } from 'node:crypto';
import { type Connection, describeConnection, isLabConnection } from '../../core/connection';
import type { Clock } from '../clock';
import type { Host, Hosts } from '../effects';
import type { Lab } from '../lab';
import { SshHost } from './sshHost';
import { SshSession } from './sshSession';

/** Default time that a host has to answer, in seconds. */
const connectSeconds = 10;

/** Hosts by SSH: one session for each connection, for the life of the process. */
export class SshHosts implements Hosts {
  private readonly opened = new Map<
    string,
    { readonly session: SshSession; readonly host: SshHost }
  >();

  constructor(
    private readonly clock: Clock,
    private readonly lab: Pick<Lab, 'connection'>,
  ) {}

  async connect(
    connection: Connection,
    options: { readonly timeoutSeconds?: number } = {},
  ): Promise<Host> {
    const key = identity(connection);
    let entry = this.opened.get(key);
    if (entry === undefined) {
      const session = new SshSession(
        describeConnection(connection),
        () =>
          isLabConnection(connection)
            ? this.lab.connection(connection.lab, connection.machine)
            : Promise.resolve(connection),
        connectSeconds,
        isLabConnection(connection),
      );
      entry = { session, host: new SshHost(session, this.clock) };
      this.opened.set(key, entry);
    }
    await entry.session.acquire(options.timeoutSeconds);
    return entry.host;
  }

  close(): Promise<void> {
    for (const { session } of this.opened.values()) {
      session.close();
    }
    this.opened.clear();
    return Promise.resolve();
  }
}

/** Equal for equal connections. A hash, because a connection holds keys. */
function identity(connection: Connection): string {
  const fields = Object.entries(connection).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex');
}
