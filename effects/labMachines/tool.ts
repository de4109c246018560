import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import * as path from 'node:path';
import { SwarmError } from '../../core/errors';

export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolOptions {
  readonly stdin?: string;
  /** Default: 60. */
  readonly timeoutSeconds?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Every line of standard error as it comes. */
  readonly onErrorLine?: (line: string) => void;
}

/** A user's PATH often lacks the directories of administration tools. */
const searchPath = [
  ...(process.env['PATH'] ?? '').split(':').filter((entry) => entry !== ''),
  '/usr/local/sbin',
  '/usr/sbin',
  '/sbin',
  '/usr/bin',
  '/bin',
];

/** PATH for programs that a lab starts. */
export const toolPath = [...new Set(searchPath)].join(':');

/** Full path of a program of this computer, or undefined. */
export function findTool(name: string): string | undefined {
  return searchPath
    .map((directory) => path.join(directory, name))
    .find((candidate) => {
      try {
        accessSync(candidate, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/**
 * Runs a program of this computer by its argv. A non-zero exit is a result.
 *
 * @throws SwarmError `LabToolFailed` when it cannot be started or does not end in time.
 */
export async function tryTool(
  argv: readonly [string, ...string[]],
  options: ToolOptions = {},
): Promise<ToolResult> {
  const [program, ...args] = argv;
  const timeoutSeconds = options.timeoutSeconds ?? 60;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, PATH: toolPath, LC_ALL: 'C.UTF-8', ...options.env },
    });
    let stdout = '';
    let stderr = '';
    let pending = '';
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, timeoutSeconds * 1000);
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      const lines = (pending + text).split('\n');
      pending = lines.pop() ?? '';
      lines.forEach((line) => options.onErrorLine?.(line));
    });
    // A program that ends without reading its input is judged by its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
    child.on('error', (cause) => {
      clearTimeout(timer);
      const message = `${program}: could not be started (${cause.message}); the lab needs it; install it (\`npm run lab -- check\` names the package)`;
      reject(new SwarmError('LabToolFailed', message, { source: 'world', cause }));
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      if (isLate) {
        const message = `${argv.join(' ')}: did not end within ${String(timeoutSeconds)} s; it was killed; look at this computer's load and try again`;
        reject(new SwarmError('LabToolFailed', message, { source: 'world' }));
      } else {
        resolve({ code: code ?? -1, stdout, stderr });
      }
    });
  });
}

/**
 * Like `tryTool`, but an exit other than 0 is an error too. Returns standard output.
 *
 * @throws SwarmError `LabToolFailed` with the last lines of standard error.
 */
export async function runTool(
  argv: readonly [string, ...string[]],
  options: ToolOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await tryTool(argv, options);
  if (code !== 0) {
    const tail = stderr.trim().split('\n').slice(-8).join('\n');
    const message = `${argv.join(' ')}: ended with ${String(code)}: ${tail}; the lab's step is not done; repeat it when the cause is gone`;
    throw new SwarmError('LabToolFailed', message, { source: 'world' });
  }
  return stdout;
}
