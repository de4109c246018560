import type { Client } from 'ssh2';
import type { SshConnection } from '../../core/connection';
import { SwarmError } from '../../core/errors';
import { channelExec } from './channelExec';
import { checkPrivilege } from './checkPrivilege';
import { ChannelRefused } from './openChannel';
import { openClient } from './openClient';
import { Slots } from './slots';

/** One live connection of a session. */
export interface LiveClient {
  readonly client: Client;
  /** The login user is root; else commands go through sudo. */
  readonly isRoot: boolean;
  /** Counts the session's connections: what was learned over an earlier one may no longer hold. */
  readonly generation: number;
}

interface WatchedClient extends LiveClient {
  isOpen: boolean;
  heardAtMs: number;
}

/**
 * How long a host that did not answer the last time has for its next TCP handshake, in seconds; it was
 * waited for long enough once. Longer than the kernel's second attempt, one second after its first.
 */
const silentHostSeconds = 2;

/** With a keepalive each 5 s, a live host is heard at least this often. */
const silenceMs = 6500;

/**
 * The one connection to a host: opened when it is needed, opened again when it broke. `resolve` is
 * asked for the parameters at each opening, because a machine may have been rebuilt meanwhile.
 */
export class SshSession {
  /** sshd allows 10 sessions on one connection (MaxSessions); some are left for others. */
  readonly channels = new Slots(8);
  /** Ends each use of a session of sshd that only makes things sooner: see `makeRoom`. */
  readonly dispensable = new Set<() => void>();
  private live: WatchedClient | undefined;
  private opening: Promise<WatchedClient> | undefined;
  private generation = 0;
  /** Nothing answered at the last attempt: each question would cost the whole timeout again. */
  private isSilent = false;

  constructor(
    readonly subject: string,
    private readonly resolve: () => Promise<SshConnection>,
    private readonly timeoutSeconds: number,
    /** Its key is that of its lab's record. */
    private readonly isOfLab: boolean,
  ) {}

  /** The live connection; opens one if there is none, or if the host has gone silent on it. */
  async acquire(timeoutSeconds = this.timeoutSeconds): Promise<LiveClient> {
    const { live } = this;
    if (live?.isOpen === true) {
      if (performance.now() - live.heardAtMs < silenceMs || (await answers(live))) {
        return live;
      }
      this.discard(live);
    }
    this.opening ??= this.open(timeoutSeconds).finally(() => {
      this.opening = undefined;
    });
    return this.opening;
  }

  /** For a command that finds no session: sshd may allow only a few, and what can be done without one must not take them. */
  makeRoom(): void {
    for (const end of this.dispensable) end();
  }

  close(): void {
    // One that is being opened right now would keep the process alive.
    this.opening?.then(
      (live) => {
        this.discard(live);
      },
      () => undefined,
    );
    if (this.live !== undefined) {
      this.live.client.end();
      this.discard(this.live);
    }
  }

  private discard(live: WatchedClient): void {
    live.isOpen = false;
    live.client.destroy();
    if (this.live === live) {
      this.live = undefined;
    }
  }

  private async open(timeoutSeconds: number): Promise<WatchedClient> {
    const connection = await this.resolve();
    const seconds = {
      reach: this.isSilent ? Math.min(silentHostSeconds, timeoutSeconds) : timeoutSeconds,
      logIn: timeoutSeconds,
    };
    const { client, socket } = await openClient(
      this.subject,
      connection,
      seconds,
      this.isOfLab,
    ).catch((error: unknown) => {
      this.isSilent = error instanceof SwarmError && error.code === 'HostUnreachable';
      throw error;
    });
    this.isSilent = false;
    try {
      const isRoot = await checkPrivilege(this.subject, client, connection.user ?? 'root');
      this.generation += 1;
      const live: WatchedClient = {
        client,
        isRoot,
        generation: this.generation,
        isOpen: true,
        heardAtMs: performance.now(),
      };
      // ssh2 has its own handler by now, so listening takes nothing away from it.
      socket.on('data', () => {
        live.heardAtMs = performance.now();
      });
      const drop = (): void => {
        this.discard(live);
      };
      client.on('error', drop).on('end', drop).on('close', drop);
      this.live = live;
      return live;
    } catch (error) {
      client.destroy();
      throw error;
    }
  }
}

async function answers(live: WatchedClient): Promise<boolean> {
  try {
    await channelExec(live.client, 'true', { timeoutMs: 5000 });
    return true;
  } catch (error) {
    // A refusal is an answer: to give the connection up would end the commands that fill it.
    return error instanceof ChannelRefused;
  }
}
