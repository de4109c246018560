import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetupError } from './progress.mjs';

/** The checkout's root. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** How much of a failed command's output is shown. */
const tailLines = 30;

/**
 * Runs a program by its argv, without a shell, and returns what it printed on stdout.
 *
 * @throws SetupError with the tail of its output when it is missing or fails.
 */
export function run(argv, { cwd = root, env = process.env, timeoutSeconds = 1800 } = {}) {
  return new Promise((resolve, reject) => {
    const [program, ...args] = argv;
    const child = spawn(program, args, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutSeconds * 1000,
    });
    let stdout = '';
    let all = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      all += chunk;
    });
    child.stderr.on('data', (chunk) => (all += chunk));
    child.on('error', (error) => {
      reject(new SetupError(`${argv.join(' ')}: ${error.message}`));
    });
    child.on('close', (code, signal) => {
      if (code === 0) {
        resolve(stdout);
      } else {
        const tail = all.trimEnd().split('\n').slice(-tailLines).join('\n');
        reject(new SetupError(`${argv.join(' ')}: ended with ${signal ?? code}:\n${tail}`));
      }
    });
  });
}

/**
 * Runs a program in our place: our terminal, its exit code. A Ctrl-C at a terminal reaches it by
 * itself, and passing it on as well would make it two, which Pulumi takes for "abandon everything";
 * without a terminal it is passed on. `output`: a file descriptor for what it prints.
 */
export function runInOurPlace(argv, env, output = 'inherit') {
  return new Promise((resolve, reject) => {
    const [program, ...args] = argv;
    const child = spawn(program, args, { cwd: root, env, stdio: ['inherit', output, output] });
    const interrupt = () => process.stdin.isTTY || child.kill('SIGINT');
    const terminate = () => child.kill('SIGTERM');
    process.on('SIGINT', interrupt);
    process.on('SIGTERM', terminate);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', terminate);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}

/** The file of a program on PATH or in `more`, or undefined. */
export function which(name, more = []) {
  return [...(process.env.PATH ?? '').split(delimiter), ...more]
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function isRoot() {
  return process.getuid?.() === 0;
}
