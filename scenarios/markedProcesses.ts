import { readFileSync, readdirSync } from 'node:fs';
import { until } from './until';

/** A process that a test started, at any depth. */
export interface MarkedProcess {
  readonly pid: number;
  readonly commandLine: string;
}

/**
 * Environment variable by which a test finds the processes that it started, and those that an earlier,
 * killed run of it left: CLI, language host, program, provider and client all inherit it. Machines
 * do not: they are given an environment of their own.
 */
const marker = 'SWARM_LAB_TEST';

/** From now on every child of this process carries the mark. */
export function markChildren(value: string): void {
  process.env[marker] = value;
}

/** Processes with the mark, without this one. */
export function markedProcesses(value: string): readonly MarkedProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      const isMarked = read(`/proc/${pid}/environ`).split('\0').includes(`${marker}=${value}`);
      const commandLine = read(`/proc/${pid}/cmdline`).split('\0').join(' ').trim();
      return isMarked ? [{ pid: Number(pid), commandLine }] : [];
    });
}

/** Kills them -9, one by one, and sees them gone. */
export async function killMarked(value: string): Promise<void> {
  for (const { pid } of markedProcesses(value)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself meanwhile.
    }
  }
  await until(() => Promise.resolve(describe(markedProcesses(value))), 10);
}

/** Waits until none is left that `isMeant`. */
export async function markedEnded(
  value: string,
  timeoutSeconds: number,
  isMeant: (process: MarkedProcess) => boolean = () => true,
): Promise<void> {
  await until(
    () => Promise.resolve(describe(markedProcesses(value).filter(isMeant))),
    timeoutSeconds,
  );
}

/** Whether it is a provider of this package. */
export function isProvider({ commandLine }: MarkedProcess): boolean {
  return commandLine.includes('pulumi-resource-swarm');
}

function describe(processes: readonly MarkedProcess[]): true | string {
  return processes.length === 0
    ? true
    : processes.map(({ pid, commandLine }) => `${String(pid)} ${commandLine}`).join('; ');
}

/** Empty for a process that ended meanwhile, and for one that has ended and waits for its parent. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
