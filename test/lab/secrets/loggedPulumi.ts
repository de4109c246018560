import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layProject } from '../../../scenarios/pulumi/projectFiles';

/** Longest that one command may take, in seconds. */
const longestRun = 300;

/**
 * A stack of the repository's own program whose every command writes the log of `-v=9`, with all that it
 * prints, to a file of its own. Whatever it or its children leave is in its folder: backend, home,
 * temporary files.
 */
export class LoggedPulumi {
  readonly directory: string;
  readonly logs: string[] = [];

  constructor(
    prefix: string,
    readonly stack: string,
    configuration: Readonly<Record<string, unknown>>,
    passphrase: string,
    private readonly passphraseFile: string,
  ) {
    this.directory = mkdtempSync(join(tmpdir(), prefix));
    writeFileSync(passphraseFile, passphrase, { mode: 0o600 });
    for (const name of ['tmp', 'logs']) mkdirSync(join(this.directory, name));
    layProject(this.directory, stack, configuration);
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** What is not a stack file, a log or ours goes by standard input. */
  async run(
    args: readonly string[],
    options: { readonly input?: string; readonly isQuiet?: boolean } = {},
  ): Promise<{ readonly code: number; readonly stdout: string; readonly log: string }> {
    const log = this.path(join('logs', `${this.logs.length + 1}-${args[0] ?? ''}.log`));
    const [command = '', ...rest] = args;
    const isUpdate = ['up', 'destroy'].includes(command);
    const child = spawn(
      'pulumi',
      [
        command,
        ...rest,
        '--non-interactive',
        ...(command === 'stack' ? [] : [`--stack=${this.stack}`]),
        ...(isUpdate ? ['--yes', '--skip-preview'] : []),
        ...(options.isQuiet === true ? [] : ['-v=9', '--logtostderr']),
      ],
      {
        cwd: this.directory,
        env: this.environment(),
        signal: AbortSignal.timeout(longestRun * 1000),
        killSignal: 'SIGKILL',
      },
    );
    const file = createWriteStream(log, { mode: 0o600 });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.pipe(file, { end: false });
    child.stdin.end(options.input ?? '');
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status) => {
        resolve(status ?? 137);
      });
    });
    await new Promise<void>((resolve) => {
      file.end(stdout, resolve);
    });
    // Secrets that were asked for are on standard output only, and nowhere else.
    if (options.isQuiet === true) rmSync(log);
    else this.logs.push(log);
    return { code, stdout, log };
  }

  /** @throws Error with the end of what was printed. */
  async runOrFail(
    args: readonly string[],
    options: { readonly input?: string; readonly isQuiet?: boolean } = {},
  ): Promise<string> {
    const { code, stdout, log } = await this.run(args, options);
    if (code === 0) return stdout;
    throw new Error(
      `pulumi ${args.join(' ')}: exit code ${code}, see ${log}:\n${stdout.slice(-3000)}`,
    );
  }

  private environment(): NodeJS.ProcessEnv {
    return {
      ...Object.fromEntries(
        Object.entries(process.env).filter(([name]) => !name.startsWith('PULUMI_')),
      ),
      TMPDIR: this.path('tmp'),
      PULUMI_HOME: this.path('home'),
      PULUMI_BACKEND_URL: `file://${this.path('backend')}`,
      PULUMI_CONFIG_PASSPHRASE_FILE: this.passphraseFile,
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      SWARM_JOURNAL: this.path('journal.jsonl'),
    };
  }
}
