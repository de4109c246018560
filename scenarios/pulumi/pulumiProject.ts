import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programCache } from '../../demo/project';
import { parseJournal, type JournalLine } from '../../demo/report/journal';
import { parseEvents, type EngineEvent, type PlannedStep } from './engineEvents';
import { layProject } from './projectFiles';

/** One `pulumi` run. */
export interface PulumiRun {
  readonly exitCode: number;
  readonly stdout: string;
  /** All that was printed. */
  readonly output: string;
  readonly seconds: number;
  /** What the engine did to resources, without those that stayed the same. */
  readonly changes: readonly PlannedStep[];
  /** What the live status said. */
  readonly statuses: readonly string[];
}

export interface RunningPulumi {
  /** The CLI. A kill -9 of it leaves the provider to itself. */
  readonly process: ChildProcess;
  readonly done: Promise<PulumiRun>;
  /** Lines that the journal had when it was started. */
  readonly journalMark: number;
  /** What the live status has said so far; of `up`, `destroy` and `refresh`. */
  statuses(): readonly string[];
  /** Ctrl-C, as a terminal sends it: SIGINT to the CLI and everything in its group. */
  interrupt(): void;
}

/** `pulumi preview --json`, as far as tests look at it. */
export interface Preview {
  /** Operations other than `same`, e.g. `{ update: 1 }`. */
  readonly counts: Readonly<Record<string, number>>;
  /** Nodes in the order of the plan that is shown. */
  readonly order: readonly string[];
}

/** Where a project is, and the stack that it is for. */
export interface ProjectPlace {
  readonly directory: string;
  readonly stack: string;
}

/** Longest that one command may take, in seconds; a hang is a failure and no wait for ever. */
const longestRun = 900;

/**
 * The repository's own program and Pulumi.yaml on a stack of a test's own: a project directory that
 * leads to the checkout's files, own backend, own PULUMI_HOME, own journal.
 */
export class PulumiProject {
  readonly directory: string;
  readonly stack: string;
  private runs = 0;

  /** A project whose files are laid already. */
  constructor({ directory, stack }: ProjectPlace) {
    this.directory = directory;
    this.stack = stack;
  }

  /** In a temporary directory. @throws Error when the CLI is not on PATH, or fails. */
  static async create(
    prefix: string,
    stack: string,
    configure: (directory: string) => Promise<Readonly<Record<string, unknown>>>,
  ): Promise<PulumiProject> {
    const directory = mkdtempSync(join(tmpdir(), prefix));
    layProject(directory, stack, await configure(directory));
    const project = new PulumiProject({ directory, stack });
    await project.runOrFail('stack', 'init', stack);
    return project;
  }

  /** Removes every directory of this prefix, also those of earlier runs that were killed. */
  static removeAll(prefix: string): void {
    for (const name of readdirSync(tmpdir()).filter((each) => each.startsWith(prefix))) {
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    }
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** Starts a command without waiting for it. */
  start(command: string, ...args: readonly string[]): RunningPulumi {
    this.runs += 1;
    const isUpdate = ['up', 'destroy', 'refresh'].includes(command);
    const events = this.path(`events-${this.runs}.jsonl`);
    const journalMark = this.journal().length;
    const began = performance.now();
    mkdirSync(this.path('tmp'), { recursive: true, mode: 0o700 });
    const child = spawn(
      'pulumi',
      [
        command,
        ...args,
        '--non-interactive',
        ...(command === 'stack' ? [] : [`--stack=${this.stack}`]),
        ...(isUpdate ? ['--yes', '--skip-preview', `--event-log=${events}`] : []),
      ],
      {
        cwd: this.directory,
        env: this.environment(),
        stdio: ['ignore', 'pipe', 'pipe'],
        // A group of its own, which `interrupt` can hit as a terminal does.
        detached: true,
        // Not `timeout`: its timer would outlive a command that could not be started.
        signal: AbortSignal.timeout(longestRun * 1000),
        killSignal: 'SIGKILL',
      },
    );
    const done = printed(child).then(({ exitCode, stdout, stderr }) => {
      const seconds = Math.round((performance.now() - began) / 100) / 10;
      const { steps, statuses } = parseEvents(readEvents(events));
      const changes = steps.filter(isChange);
      return { exitCode, stdout, output: stdout + stderr, seconds, changes, statuses };
    });
    return {
      process: child,
      done,
      journalMark,
      statuses: () => parseEvents(readEvents(events)).statuses,
      interrupt: () => {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
      },
    };
  }

  run(command: string, ...args: readonly string[]): Promise<PulumiRun> {
    return this.start(command, ...args).done;
  }

  /** @throws Error with all that was printed. */
  async runOrFail(command: string, ...args: readonly string[]): Promise<PulumiRun> {
    const run = await this.run(command, ...args);
    if (run.exitCode === 0) return run;
    throw new Error(
      `pulumi ${command} ${args.join(' ')}: exit code ${run.exitCode}:\n${run.output}`,
    );
  }

  async preview(): Promise<Preview> {
    const { stdout } = await this.runOrFail('preview', '--json');
    const { changeSummary, diagnostics } = JSON.parse(stdout) as {
      changeSummary?: Record<string, number>;
      diagnostics?: readonly { readonly message?: string }[];
    };
    const plan = (diagnostics ?? [])
      .map(({ message }) => message ?? '')
      .find((message) => message.includes('The plan, in this order:'));
    return {
      counts: Object.fromEntries(
        Object.entries(changeSummary ?? {}).filter(([op, count]) => op !== 'same' && count > 0),
      ),
      order: [...(plan ?? '').matchAll(/^ +\d+\. \w+ (?:manager|worker) ([\w-]+)/gm)].map(
        ([, name]) => name ?? '',
      ),
    };
  }

  /** Lines of the provider's journal so far. */
  journal(): readonly JournalLine[] {
    const file = this.path('journal.jsonl');
    return existsSync(file) ? parseJournal(readFileSync(file, 'utf8')) : [];
  }

  private environment(): NodeJS.ProcessEnv {
    return {
      // A PULUMI_* variable of the developer's own shell must not reach the test's runs.
      ...Object.fromEntries(
        Object.entries(process.env).filter(([name]) => !name.startsWith('PULUMI_')),
      ),
      // The CLI leaves folders behind (`pulumi-node-pipes…`): here they go with the project.
      TMPDIR: this.path('tmp'),
      TS_NODE_CACHE_DIRECTORY: programCache,
      PULUMI_HOME: this.path('home'),
      PULUMI_BACKEND_URL: `file://${this.path('backend')}`,
      PULUMI_CONFIG_PASSPHRASE: 'lab-test',
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      PULUMI_DEBUG_COMMANDS: 'true', // unlocks --event-log
      SWARM_JOURNAL: this.path('journal.jsonl'),
    };
  }
}

/** None while there is no such file; a line that is still being written is left out. */
function readEvents(file: string): readonly EngineEvent[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as EngineEvent);
}

function isChange({ op }: PlannedStep): boolean {
  return !['same', 'read', 'refresh'].includes(op);
}

function printed(
  child: ChildProcess,
): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve, reject) => {
    const text = { stdout: '', stderr: '' };
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text.stdout += chunk));
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (text.stderr += chunk));
    child.on('error', (error) => {
      const isMissing = 'code' in error && error.code === 'ENOENT';
      const remedy = isMissing ? '; run npm run setup, and see its PATH line' : '';
      reject(new Error(`pulumi: ${error.message}${remedy}:\n${text.stdout}${text.stderr}`));
    });
    child.on('close', (code) => {
      resolve({ exitCode: code ?? 137, ...text });
    });
    // After a kill of the CLI, its orphans keep the pipes open: no 'close' comes.
    child.on('exit', (code) => {
      if (code === null) resolve({ exitCode: 137, ...text });
    });
  });
}
