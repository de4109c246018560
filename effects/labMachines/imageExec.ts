import { spawn } from 'node:child_process';
import { SwarmError } from '../../core/errors';
import { systemClock } from '../clock';
import type { Exec } from '../ssh/sshExec';
import { TailBuffer } from '../ssh/tailBuffer';
import { toolPath } from './tool';

/**
 * Runs commands inside an image's directory, as root, with this computer's network. Each has a process table of
 * its own that ends with it, so nothing of it runs on, whatever it has started.
 */
export function imageExec(directory: string): Exec {
  return (argv, options = {}) => {
    const started = systemClock.monotonicMs();
    const timeoutSeconds = options.timeoutSeconds ?? 300;
    const most = options.maxOutputBytes ?? 1024 * 1024;
    return new Promise((resolve, reject) => {
      const child = spawn(
        'setpriv',
        [
          // It ends with this process, however that ends.
          ...['--pdeathsig', 'KILL', 'unshare'],
          ...['--mount', '--pid', '--fork', '--kill-child', `--mount-proc=${directory}/proc`],
          ...['chroot', directory, ...argv],
        ],
        {
          stdio: ['pipe', 'pipe', 'pipe'],
          // Nothing of the caller's environment, which may hold its secrets.
          env: { PATH: toolPath, LC_ALL: 'C', HOME: '/root', ...options.environment },
        },
      );
      const [out, err] = [new TailBuffer(most), new TailBuffer(most)];
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        child.kill('SIGKILL');
      }, timeoutSeconds * 1000);
      child.stdout.on('data', (data: Buffer) => {
        out.write(data);
      });
      child.stderr.on('data', (data: Buffer) => {
        err.write(data);
      });
      // A program that ends without reading its input is judged by its exit code.
      child.stdin.on('error', () => undefined);
      const { stdin } = options;
      if (typeof stdin === 'function') stdin().pipe(child.stdin);
      else child.stdin.end(stdin ?? '');
      child.once('error', (error) => {
        clearTimeout(timer);
        reject(failed(`\`${argv[0] ?? ''}\` could not be started (${error.message})`));
      });
      child.once('close', (code) => {
        clearTimeout(timer);
        if (isLate) {
          reject(failed(`\`${argv[0] ?? ''}\` did not end within ${String(timeoutSeconds)} s`));
          return;
        }
        resolve({
          code: code ?? 137,
          stdout: out.toString(),
          stderr: err.toString(),
          isTruncated: out.droppedBytes > 0,
          durationMs: systemClock.monotonicMs() - started,
        });
      });
    });
  };
}

function failed(fact: string): SwarmError {
  return new SwarmError(
    'LabToolFailed',
    `${fact}; the image is not built, and nothing else was touched; repeat it when the cause is gone`,
    { source: 'world' },
  );
}
