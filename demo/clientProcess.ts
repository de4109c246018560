import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** The client as a process of its own, so that nothing the demo does can delay its schedule. */
export interface ClientProcess {
  /** Waits for its requests under way; the raw file is whole then. */
  stop(): Promise<void>;
}

/** Milliseconds between the client's connections, in the demo, in the scenarios and in the lab's tests. */
export const clientIntervalMs = 10;

export function startClient(url: string, out: string): ClientProcess {
  const child = spawn(
    process.execPath,
    [
      join(__dirname, 'client.js'),
      ...[
        '--url',
        url,
        '--out',
        out,
        '--interval-ms',
        String(clientIntervalMs),
        '--stop-with-stdin',
      ],
    ],
    // Detached: Ctrl-C is for Pulumi, and the client watches to the end.
    { stdio: ['pipe', 'inherit', 'inherit'], detached: true },
  );
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      resolve();
    });
  });
  return {
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
