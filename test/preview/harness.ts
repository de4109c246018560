import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { callsFileVariable, readLines, type Call } from './callLog';
import {
  parseEvents,
  type EngineEvent,
  type PlannedStep,
} from '../../scenarios/pulumi/engineEvents';

/**
 * Runs the real Pulumi CLI and engine on a project of its own: temporary directory, file backend, own
 * PULUMI_HOME, provider of the caller's choice. What the provider really got (Run.calls) and what the
 * engine planned or did (Run.steps) come back as plain lists.
 */
export interface ProjectOptions {
  /** Absolute path of a compiled module whose loading registers the resources (a Pulumi program). */
  readonly program: string;
  /** Absolute path of a compiled module whose loading serves the provider (see provider/server/serve.ts); its resources are wrapped by `recordCalls`. */
  readonly provider: { readonly name: string; readonly module: string };
  /** For program and provider. */
  readonly environment?: Readonly<Record<string, string>>;
}

export type Command = 'up' | 'preview' | 'refresh' | 'destroy';

/** One `pulumi` run. */
export interface Run {
  readonly exitCode: number;
  /** What the provider was asked for, in order of arrival; empty where it does not record. */
  readonly calls: readonly Call[];
  /** Steps of the engine without those on the stack and on providers. */
  readonly steps: readonly PlannedStep[];
  /** Messages under Diagnostics; live status and debug lines are left out. */
  readonly diagnostics: readonly string[];
  /** Lines of live status. */
  readonly statuses: readonly string[];
  /** All that was printed. */
  readonly output: string;
}

export interface RunningCommand {
  readonly process: ChildProcess;
  readonly done: Promise<Run>;
}

/** The exported state, as far as tests look at it. */
export interface StackState {
  readonly text: string;
  readonly resources: readonly StateResource[];
  readonly pendingOperations: readonly string[];
}

export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly initErrors?: readonly string[];
  readonly pendingReplacement?: boolean;
}

export interface Project {
  readonly directory: string;
  /** What the program declares; it reads the JSON file named by PROGRAM_DECLARATION. */
  declare(declaration: unknown): void;
  run(command: Command, ...args: readonly string[]): Promise<Run>;
  /** Starts a command without waiting for it. */
  start(command: Command, ...args: readonly string[]): RunningCommand;
  /** Any other command; its standard output. Throws when it fails. */
  pulumi(...args: readonly string[]): Promise<string>;
  state(): Promise<StackState>;
  /** Calls of every run so far. */
  calls(): readonly Call[];
  /** Kills what is left of its runs and removes the directory. */
  dispose(): void;
}

const checkout = findCheckout(__dirname);

/** Goes with this process at the latest, also where a test fails before it has something to dispose of. */
export function temporaryDirectory(prefix: string): string {
  const directory = mkdtempSync(join(tmpdir(), prefix));
  process.once('exit', () => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

/** @throws Error when the CLI is not on PATH, or fails. */
export async function createProject(options: ProjectOptions): Promise<Project> {
  const directory = temporaryDirectory('swarm-preview-');
  const path = (name: string): string => join(directory, name);
  const files = { calls: path('calls.jsonl'), declaration: path('declaration.json') };
  mkdirSync(path('backend'));
  mkdirSync(path('plugin'));
  mkdirSync(path('tmp'));
  symlinkSync(join(checkout, 'node_modules'), path('node_modules'));
  writeFileSync(
    path('index.js'),
    `module.exports = require(${JSON.stringify(options.program)});\n`,
  );
  writeFileSync(path('package.json'), '{"name":"preview-test","main":"index.js"}\n');
  writeFileSync(
    path('Pulumi.yaml'),
    [
      'name: preview-test',
      'runtime: { name: nodejs, options: { typescript: false } }',
      `plugins: { providers: [{ name: ${options.provider.name}, path: ./plugin }] }`,
      '',
    ].join('\n'),
  );
  const executable = join(path('plugin'), `pulumi-resource-${options.provider.name}`);
  writeFileSync(
    executable,
    `#!/usr/bin/env node\nrequire(${JSON.stringify(options.provider.module)});\n`,
  );
  chmodSync(executable, 0o755);

  const environment = {
    ...process.env,
    // A PULUMI_* variable of the developer's own shell must not reach the test's runs.
    ...Object.fromEntries(
      Object.keys(process.env)
        .filter((name) => name.startsWith('PULUMI_'))
        .map((name) => [name, undefined]),
    ),
    // The CLI leaves folders behind (`pulumi-node-pipes…`): here they go with the project.
    TMPDIR: path('tmp'),
    PULUMI_HOME: path('home'),
    PULUMI_BACKEND_URL: `file://${path('backend')}`,
    PULUMI_CONFIG_PASSPHRASE: 'preview-test',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PULUMI_DEBUG_COMMANDS: 'true', // unlocks --event-log
    PROGRAM_DECLARATION: files.declaration,
    [callsFileVariable]: files.calls,
    ...options.environment,
  };
  const children = new Set<ChildProcess>();
  let runs = 0;

  const launch = (args: readonly string[]): { child: ChildProcess; result: Promise<Printed> } => {
    const child = spawn('pulumi', [...args, '--non-interactive'], {
      cwd: directory,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    return { child, result: printed(child).finally(() => children.delete(child)) };
  };

  const project: Project = {
    directory,
    declare: (declaration) => {
      writeFileSync(files.declaration, JSON.stringify(declaration));
    },
    start: (command, ...args) => {
      runs += 1;
      const eventLog = path(`events-${runs}.jsonl`);
      const callsBefore = readLines<Call>(files.calls).length;
      const approve = command === 'preview' ? [] : ['--yes', '--skip-preview'];
      const { child, result } = launch([
        command,
        '--stack=test',
        `--event-log=${eventLog}`,
        ...approve,
        ...args,
      ]);
      const done = result.then(({ exitCode, stdout, stderr }) => ({
        exitCode,
        calls: readLines<Call>(files.calls).slice(callsBefore),
        ...parseEvents(readLines<EngineEvent>(eventLog)),
        output: stdout + stderr,
      }));
      return { process: child, done };
    },
    run: (command, ...args) => project.start(command, ...args).done,
    pulumi: async (...args) => {
      const { exitCode, stdout, stderr } = await launch(args).result;
      if (exitCode !== 0) {
        throw new Error(`pulumi ${args.join(' ')}: exit code ${exitCode}: ${stdout}${stderr}`);
      }
      return stdout;
    },
    state: async () => parseState(await project.pulumi('stack', 'export', '--stack=test')),
    calls: () => readLines<Call>(files.calls),
    dispose: () => {
      for (const child of children) {
        child.kill('SIGKILL');
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
  project.declare({ nodes: [] });
  await project.pulumi('stack', 'init', 'test');
  return project;
}

interface Printed {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function printed(child: ChildProcess): Promise<Printed> {
  return new Promise((resolve, reject) => {
    const text = { stdout: '', stderr: '' };
    child.stdout?.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
    child.on('error', (error) => {
      reject(new Error(`pulumi: ${error.message}; run npm run setup, and see its PATH line`));
    });
    // 'exit' and not 'close': an orphaned provider keeps the pipes open after a kill of the CLI.
    child.on('exit', (code) => {
      setImmediate(() => {
        resolve({ exitCode: code ?? 137, ...text });
      });
    });
  });
}

function parseState(text: string): StackState {
  const { deployment } = JSON.parse(text) as {
    deployment: {
      resources?: StateResource[];
      pending_operations?: { type: string; resource: { urn: string } }[];
    };
  };
  return {
    text,
    resources: deployment.resources ?? [],
    pendingOperations: (deployment.pending_operations ?? []).map(
      (each) => `${each.type} ${each.resource.urn.split('::').at(-1) ?? ''}`,
    ),
  };
}

/** The directory with node_modules, from wherever the build was put. */
function findCheckout(from: string): string {
  const resolved = dirname(require.resolve('@pulumi/pulumi/package.json', { paths: [from] }));
  return join(resolved, '..', '..', '..');
}
