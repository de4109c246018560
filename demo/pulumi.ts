import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SwarmError } from '../core/errors';
import { demoDirectory, demoFiles, programCache } from './project';

/** Nobody's secret: the demo's state holds the keys of machines that live on this computer only. */
const passphrase = 'demo';

/** Environment of every Pulumi command of the demo, also for the user who goes on by hand. */
export const demoEnvironment: Readonly<Record<string, string>> = {
  PULUMI_CONFIG_PASSPHRASE: passphrase,
  PULUMI_SKIP_UPDATE_CHECK: 'true',
};

type Output = 'show' | 'log' | 'return';

/**
 * Runs a Pulumi command in the demo's project. `show`: on the user's terminal; `log`: into create.log
 * as well as, shortened, nowhere else; `return`: handed back.
 */
export async function pulumi(
  args: readonly string[],
  options: { readonly output: Output; readonly journal?: boolean },
): Promise<{ readonly code: number; readonly stdout: string }> {
  const { output } = options;
  // The CLI leaves folders behind (`pulumi-node-pipes…`).
  const scratch = join(demoDirectory, 'tmp');
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const child = spawn('pulumi', args, {
    cwd: demoDirectory,
    env: {
      ...process.env,
      ...demoEnvironment,
      TMPDIR: scratch,
      TS_NODE_CACHE_DIRECTORY: programCache,
      ...(options.journal === true ? { SWARM_JOURNAL: demoFiles.journal } : {}),
    },
    stdio: [
      'ignore',
      output === 'show' ? 'inherit' : 'pipe',
      output === 'log' ? 'pipe' : 'inherit',
    ],
  });
  let stdout = '';
  if (output === 'log') {
    const log = createWriteStream(demoFiles.createLog, { flags: 'a' });
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
  }
  if (output === 'return') {
    child.stdout?.setEncoding('utf8');
    child.stdout?.on('data', (chunk: string) => {
      stdout += chunk;
    });
  }
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', (cause) => {
      reject(
        new SwarmError(
          'PulumiMissing',
          'pulumi: it is not on PATH; run `npm run demo`, which sets it up',
          {
            cause,
          },
        ),
      );
    });
    child.once('close', (exit) => {
      resolve(exit ?? 1);
    });
  }).finally(() => rm(scratch, { recursive: true, force: true }));
  return { code, stdout };
}

/** As `pulumi`, and a failure is an error. */
export async function pulumiOrFail(
  args: readonly string[],
  options: { readonly output: Output; readonly journal?: boolean },
): Promise<string> {
  const { code, stdout } = await pulumi(args, options);
  if (code === 0) return stdout;
  throw new SwarmError(
    'PulumiFailed',
    `pulumi ${args[0] ?? ''}: it ended with ${String(code)}; what was made is still there; ` +
      'see the lines above, then `npm run demo` starts afresh and `npm run demo:down` removes every trace',
    { source: 'world' },
  );
}
