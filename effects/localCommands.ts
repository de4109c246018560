import { spawn } from 'node:child_process';
import { SwarmError, errorMessage } from '../core/errors';
import { TailBuffer } from './ssh/tailBuffer';

/** Commands of this computer. */
export interface LocalCommands {
  /**
   * Runs a program by its argv, never through a shell, in the project's directory, with these variables and
   * no others, and without input. Both of its outputs are read as one, of which the last 64 KiB are kept, until
   * it ends: what it leaves running in the background is not waited for. When
   * its time is up, it and what it has started get SIGTERM, and SIGKILL five seconds later.
   *
   * @throws SwarmError `CommandNotStarted`.
   */
  run(argv: readonly string[], options: LocalCommandOptions): Promise<LocalCommandResult>;
}

export interface LocalCommandOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
}

export interface LocalCommandResult {
  /** Exit code, or the signal that ended it. */
  readonly ended: number | string;
  readonly isTimedOut: boolean;
  readonly output: string;
}

const outputBytes = 64 * 1024;
const graceMilliseconds = 5000;
const pipeMilliseconds = 500;

/** In a process group of its own: Ctrl-C is Pulumi's to handle, and a command that is too late goes with its children. */
export const localCommands: LocalCommands = {
  run: ([program = '', ...args], { env, timeoutSeconds }) =>
    new Promise((resolve, reject) => {
      const output = new TailBuffer(outputBytes);
      let isTimedOut = false;
      const timers: NodeJS.Timeout[] = [];
      const endTimers = (): void => {
        timers.forEach((timer) => {
          clearTimeout(timer);
        });
      };
      const child = spawn(program, args, {
        env,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const end = (signal: NodeJS.Signals): void => {
        isTimedOut = true;
        signalGroup(child.pid, signal);
      };
      timers.push(
        setTimeout(() => {
          end('SIGTERM');
          timers.push(
            setTimeout(() => {
              end('SIGKILL');
            }, graceMilliseconds),
          );
        }, timeoutSeconds * 1000),
      );
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk: Buffer) => {
          output.write(chunk);
        });
      }
      child.on('error', (cause) => {
        endTimers();
        reject(
          new SwarmError(
            'CommandNotStarted',
            `${program}: it could not be started (${errorMessage(cause)}); look at its path and its mode`,
            { source: 'user', cause },
          ),
        );
      });
      child.on('exit', () => {
        // What it has left in the background holds the pipes, maybe for ever.
        const letGo = setTimeout(() => {
          child.stdout.destroy();
          child.stderr.destroy();
        }, pipeMilliseconds);
        timers.push(letGo);
      });
      child.on('close', (code, signal) => {
        endTimers();
        resolve({ ended: code ?? signal ?? -1, isTimedOut, output: output.toString() });
      });
    }),
};

/** Nothing of it may be left by now. */
function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
