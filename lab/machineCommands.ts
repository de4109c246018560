import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { SwarmError, errorMessage } from '../core/errors';
import { createLab } from '../effects/labMachines';
import { defaultDirectories, labPaths, machinePaths } from '../effects/labMachines/layout';
import { labNames, machineNames, readMachine } from '../effects/labMachines/records';
import { consoleTail } from '../effects/labMachines/sshReady';
import { findTool } from '../effects/labMachines/tool';

/** A machine that has a directory. */
export interface MachineName {
  readonly lab: string;
  readonly machine: string;
}

/** Prints a table of machines; one whose record cannot be read is a row too. */
export async function listMachines(wanted: string | undefined): Promise<number> {
  const labs = await labNames(defaultDirectories);
  if (wanted !== undefined && !labs.includes(wanted)) throw unknown(`lab ${wanted}`, labs);
  const rows = [['LAB', 'NAME', 'OS', 'ADDRESS', 'STATE', 'LABELS']];
  for (const { lab, machine } of await allMachines()) {
    if (wanted !== undefined && lab !== wanted) continue;
    try {
      const record = await createLab().record(lab, machine);
      if (record === undefined) continue;
      const labels = Object.entries(record.labels).map(([key, value]) => `${key}=${value}`);
      const state = record.isRunning ? 'on' : 'off';
      rows.push([lab, machine, record.os, record.address, state, labels.join(',')]);
    } catch (error) {
      rows.push([lab, machine, '?', '?', 'damaged', errorMessage(error)]);
    }
  }
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  for (const row of rows) {
    const cells = row.map((cell, column) => cell.padEnd(widths?.[column] ?? 0));
    process.stdout.write(`${cells.join('  ').trimEnd()}\n`);
  }
  return 0;
}

/**
 * The machine behind `LAB/NAME`, or behind `NAME` when only one lab has it.
 *
 * @throws SwarmError `LabMachineUnknown`, `LabMachineAmbiguous`.
 */
export async function findMachine(name: string | undefined): Promise<MachineName> {
  const all = await allMachines();
  const present = all.map(({ lab, machine }) => `${lab}/${machine}`);
  if (name === undefined) throw unknown('a machine’s name: is missing', present);
  const found = all.filter(({ lab, machine }) => name === machine || name === `${lab}/${machine}`);
  const [only] = found;
  if (only === undefined) throw unknown(`machine ${name}`, present);
  if (found.length > 1) {
    const labs = found.map(({ lab }) => `${lab}/${name}`).join(', ');
    const message = `machine ${name}: is in several labs (${labs}); nothing was done; name it with its lab`;
    throw new SwarmError('LabMachineAmbiguous', message, { source: 'user' });
  }
  return only;
}

/** Runs the system's ssh with the lab's key and host keys; returns its exit code. */
export async function logIn(
  { lab, machine }: MachineName,
  command: readonly string[],
): Promise<number> {
  const record = await readMachine(defaultDirectories, lab, machine);
  if (record === undefined) throw unknown(`machine ${lab}/${machine}`, []);
  if (findTool('ssh') === undefined) {
    const message =
      'ssh: is not installed; nobody can log in by hand; install the package openssh-client';
    throw new SwarmError('LabMissing', message, { source: 'world' });
  }
  const paths = labPaths(defaultDirectories, lab);
  const options = [
    ['IdentityFile', paths.clientKey],
    ['IdentitiesOnly', 'yes'],
    ['UserKnownHostsFile', paths.knownHosts],
    ['GlobalKnownHostsFile', '/dev/null'],
    ['StrictHostKeyChecking', 'yes'],
    ['LogLevel', 'ERROR'],
  ].flatMap(([name, value]) => ['-o', `${name ?? ''}=${value ?? ''}`]);
  return runInTerminal('ssh', [
    '-F',
    '/dev/null',
    ...options,
    `root@${record.address}`,
    '--',
    ...command.map(quote),
  ]);
}

/** Prints a machine's console. */
export async function showConsole(
  { lab, machine }: MachineName,
  isFollowing: boolean,
): Promise<number> {
  const file = machinePaths(defaultDirectories, lab, machine).console;
  if (isFollowing) return runInTerminal('tail', ['-n', '200', '-F', file]);
  process.stdout.write(`${await consoleTail(file, Number.POSITIVE_INFINITY)}\n`);
  return 0;
}

async function allMachines(): Promise<readonly MachineName[]> {
  const labs = await labNames(defaultDirectories);
  const lists = await Promise.all(
    labs.map(async (lab) =>
      (await machineNames(defaultDirectories, lab)).map((machine) => ({ lab, machine })),
    ),
  );
  return lists.flat();
}

/** ssh hands the command to the login shell as one text: each word is quoted, so that it arrives as it was given. */
function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

async function runInTerminal(program: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    // Ctrl-C is for the child, which shares the terminal.
    const ignore = (): void => undefined;
    process.on('SIGINT', ignore);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      process.off('SIGINT', ignore);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

function unknown(subject: string, present: readonly string[]): SwarmError {
  const list = present.length === 0 ? 'there is none' : `there is ${present.join(', ')}`;
  const message = `${subject}: there is no such thing (${list}); nothing was done; \`npm run lab -- ls\` lists all`;
  return new SwarmError('LabMachineUnknown', message, { source: 'user' });
}
