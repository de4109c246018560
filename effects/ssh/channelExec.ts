import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Client, ClientChannel } from 'ssh2';
import { errorMessage } from '../../core/errors';
import { ChannelRefused, openSession } from './openChannel';
import { TailBuffer } from './tailBuffer';

/** What a command said and how it ended. */
export interface ExecResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The beginning of `stdout` was dropped: it was longer than allowed. */
  readonly isTruncated: boolean;
  /** From the start on the host to the end. */
  readonly durationMs: number;
}

export interface ChannelExecOptions {
  readonly stdin?: string | Buffer | (() => Readable);
  /** Takes standard output in place of the result; made when the command has begun, and ended with it. */
  readonly sink?: () => Writable;
  /** Milliseconds after which the channel is given up. */
  readonly timeoutMs: number;
  /** Bytes kept of each stream's end. Default: 1 MiB. */
  readonly maxOutputBytes?: number;
  /** Called each time that the host has no session left; it is tried again. */
  readonly onRefusal?: () => void;
}

/** The time was over before the command ended. */
export class ExecTimeout extends Error {}

/** The connection broke. `isStarted` false: the host cannot have begun the command. */
export class ConnectionLost extends Error {
  constructor(
    message: string,
    readonly isStarted: boolean,
  ) {
    super(message);
  }
}

/**
 * Runs one command line on an open connection.
 *
 * @throws ExecTimeout, ConnectionLost, ChannelRefused.
 */
export function channelExec(
  client: Client,
  commandLine: string,
  options: ChannelExecOptions,
): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    let channel: ClientChannel | undefined;
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      channel?.destroy();
      reject(new ExecTimeout());
    }, options.timeoutMs);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    const begin = (opened: ClientChannel): void => {
      if (isOver) {
        opened.destroy();
        return;
      }
      channel = opened;
      follow(opened, options).then((result) => {
        clearTimeout(timer);
        resolve(result);
      }, fail);
    };
    openExec(client, commandLine, options, begin).catch(fail);
  });
}

/** `begin` has the channel at once: by the next turn a short command's exit is told and gone. */
async function openExec(
  client: Client,
  commandLine: string,
  { timeoutMs, onRefusal }: ChannelExecOptions,
  begin: (channel: ClientChannel) => void,
): Promise<void> {
  let isSent = false;
  try {
    await openSession(
      (done) => {
        isSent = false;
        client.exec(commandLine, (error, channel) => {
          if (error === undefined) begin(channel);
          done(error, channel);
        });
        isSent = true;
      },
      timeoutMs,
      onRefusal,
    );
  } catch (error) {
    if (error instanceof ChannelRefused) throw error;
    throw new ConnectionLost(errorMessage(error), isSent);
  }
}

function follow(channel: ClientChannel, options: ChannelExecOptions): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const limit = options.maxOutputBytes ?? 1024 * 1024;
    const stdout = new TailBuffer(limit);
    const stderr = new TailBuffer(limit);
    const startedMs = performance.now();
    let code: number | undefined;
    const sink = options.sink?.();
    // Observed from the start: a full disk ends the command, not this process.
    const sunk = sink === undefined ? Promise.resolve() : finished(sink);
    sunk.catch((error: unknown) => {
      channel.destroy();
      reject(error instanceof Error ? error : new Error(String(error)));
    });
    if (sink === undefined) {
      channel.on('data', (chunk: Buffer) => {
        stdout.write(chunk);
      });
    } else {
      channel.pipe(sink);
    }
    channel.stderr.on('data', (chunk: Buffer) => {
      stderr.write(chunk);
    });
    channel.on('exit', (status: number | null, signal?: string) => {
      code = status ?? signalCode(signal);
    });
    // A command that ends without reading its input breaks the pipe; its exit code says how it went.
    channel.on('error', () => undefined);
    channel.on('close', () => {
      if (code === undefined) {
        reject(new ConnectionLost('the connection was lost while it ran', true));
        sink?.destroy();
        return;
      }
      const result = {
        code,
        stdout: stdout.toString(),
        stderr: stderr.toString(),
        isTruncated: stdout.droppedBytes > 0,
        durationMs: performance.now() - startedMs,
      };
      void sunk.then(
        () => {
          resolve(result);
        },
        () => undefined,
      );
    });
    if (typeof options.stdin === 'function') {
      const source = options.stdin();
      source.on('error', (error) => {
        channel.destroy();
        reject(error);
      });
      source.pipe(channel);
    } else {
      channel.end(options.stdin);
    }
  });
}

/** As a shell tells it: 128 plus the signal's number. */
function signalCode(signal: string | undefined): number {
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return 128 + (numbers[`SIG${signal ?? ''}`] ?? 0);
}
