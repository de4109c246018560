import { readFileSync, readdirSync, statSync } from 'node:fs';
import { SwarmError } from '../../core/errors';
import { systemClock } from '../clock';
import { containerName, namePrefix, namespaceName, namespacePath } from './layout';

/** Second word of the runner's command line, see machineRunner.ts. */
export const runnerMarker = `${namePrefix}-machine`;

/** Process IDs of one machine, as this computer sees them. Read from /proc: no file of ours can be stale or missing. */
export interface MachineProcesses {
  /** The script that keeps the machine's network and starts systemd-nspawn again when it reboots. */
  readonly runners: readonly number[];
  /** systemd-nspawn. */
  readonly supervisors: readonly number[];
  /** The machine's own PID 1. */
  readonly leader: number | undefined;
  /** PID 1 and everything in the machine's network namespace. */
  readonly inside: readonly number[];
}

export function machineProcesses(lab: string, machine: string): MachineProcesses {
  const namespace = namespaceName(lab, machine);
  const argument = `--machine=${containerName(lab, machine)}`;
  const inode = inodeOf(namespacePath(lab, machine));
  const runners: number[] = [];
  const supervisors: number[] = [];
  const inside: number[] = [];
  let leader: number | undefined;
  for (const pid of allProcesses()) {
    const argv = commandLine(pid);
    if (argv.includes(runnerMarker) && argv.includes(namespace)) runners.push(pid);
    else if (argv.includes(argument)) supervisors.push(pid);
    const hasRoot = isLeader(pid) && isRootedIn(pid, lab, machine);
    if (hasRoot) leader = pid;
    const isConnected = inode !== undefined && inodeOf(`/proc/${String(pid)}/ns/net`) === inode;
    if (hasRoot || isConnected) inside.push(pid);
  }
  return { runners, supervisors, leader, inside };
}

/** Lab and machine of every machine that has a runner or a supervisor, and its process IDs. */
export function allMachineProcesses(): readonly {
  readonly lab: string;
  readonly machine: string;
  readonly pid: number;
  readonly role: 'runner' | 'supervisor';
}[] {
  return allProcesses().flatMap((pid) => {
    const argv = commandLine(pid);
    const role = argv.includes(runnerMarker) ? 'runner' : 'supervisor';
    const name = /^(?:--network-namespace-path=\/run\/netns\/)?swarm-lab\.([^.]+)\.([^.]+)$/;
    const match = argv.map((argument) => name.exec(argument)).find((found) => found !== null);
    const [, lab, machine] = match ?? [];
    return lab === undefined || machine === undefined ? [] : [{ lab, machine, pid, role }];
  });
}

/** Waits until the machine has no process any more; false when it still has some at the end of the time. */
export async function waitUntilGone(
  lab: string,
  machine: string,
  timeoutSeconds: number,
): Promise<boolean> {
  const deadline = systemClock.monotonicMs() + timeoutSeconds * 1000;
  for (;;) {
    if (isGone(machineProcesses(lab, machine))) return true;
    if (systemClock.monotonicMs() > deadline) return false;
    await systemClock.sleep(20);
  }
}

/** Asks the machine to power off in order; true when it did in time. */
export async function powerOffCleanly(
  lab: string,
  machine: string,
  timeoutSeconds: number,
): Promise<boolean> {
  // systemd-nspawn hands SIGTERM on as SIGRTMIN+3, at which systemd powers off.
  machineProcesses(lab, machine).supervisors.forEach((pid) => {
    signal(pid, 'SIGTERM');
  });
  return waitUntilGone(lab, machine, timeoutSeconds);
}

/**
 * Ends every process of the machine at once, as a power cut does.
 *
 * @throws SwarmError `LabMachineStuck` when the kernel does not let them go within 20 s.
 */
export async function cutPower(lab: string, machine: string): Promise<void> {
  const deadline = systemClock.monotonicMs() + 20_000;
  for (;;) {
    const found = machineProcesses(lab, machine);
    if (isGone(found)) return;
    // The runner first, or it would tidy up behind our back; then PID 1, whose end ends all the rest.
    const leader = found.leader === undefined ? [] : [found.leader];
    [...found.runners, ...found.supervisors, ...leader, ...found.inside].forEach((pid) => {
      signal(pid, 'SIGKILL');
    });
    if (systemClock.monotonicMs() > deadline) {
      const pids = [...found.runners, ...found.supervisors, ...found.inside].join(' ');
      const message = `lab ${lab}/${machine}: processes ${pids} do not end; the machine cannot be taken down; look at what the kernel waits for in /proc/<pid>/stack`;
      throw new SwarmError('LabMachineStuck', message, { source: 'world' });
    }
    await systemClock.sleep(20);
  }
}

/** Command lines of all processes, for those who look for a path in them. */
export function allCommandLines(): readonly (readonly string[])[] {
  return allProcesses().map(commandLine);
}

function isGone(found: MachineProcesses): boolean {
  return found.runners.length + found.supervisors.length + found.inside.length === 0;
}

function allProcesses(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function commandLine(pid: number): readonly string[] {
  return readProc(`/proc/${String(pid)}/cmdline`).split('\0');
}

/** A process that is PID 1 one level below us: not a container inside the machine. */
function isLeader(pid: number): boolean {
  const ids = /^NSpid:\s+(.*)$/m.exec(readProc(`/proc/${String(pid)}/status`))?.[1]?.split(/\s+/);
  return ids?.length === 2 && ids[1] === '1';
}

/** By the disk under its root directory: names of namespaces and control groups can be gone while it lives. */
function isRootedIn(pid: number, lab: string, machine: string): boolean {
  const upper = `/${lab}/machines/${machine}/upper`;
  return readProc(`/proc/${String(pid)}/mountinfo`)
    .split('\n')
    .some((line) => line.split(' ')[4] === '/' && line.includes(`${upper},`));
}

/** Empty for a process that ended meanwhile. */
function readProc(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function inodeOf(file: string): number | undefined {
  try {
    return statSync(file).ino;
  } catch {
    return undefined;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It ended by itself meanwhile: what was wanted.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
