import { SwarmError, errorMessage } from '../core/errors';
import { createLab } from '../effects/labMachines';
import { defaultDirectories } from '../effects/labMachines/layout';
import { removeLab, tracedLabs } from '../effects/labMachines/teardown';
import { requireLabName } from '../effects/labMachines/spec';
import { listImages, buildImages } from './imageCommands';
import { takeInventory } from './inventory';
import { findMachine, listMachines, logIn, showConsole } from './machineCommands';

const usage = `Usage: npm run lab -- COMMAND

Looks at and cleans up labs: real Debian machines on this computer.

  ls [LAB]                       machines of one lab, or of all
  ssh [LAB/]NAME [-- COMMAND…]   log in to a machine, or run a command on it
  logs [LAB/]NAME [-f]           console of a machine; -f goes on with what comes
  off [LAB/]NAME                 power cut
  on [LAB/]NAME                  power on, until one can log in
  down [LAB]                     remove every trace of one lab, or of all, crashed and damaged ones too
  images [build]                 list the cached OS images, or build those that are missing
  inventory                      everything of this computer that labs touch, as JSON
  check                          what this computer lacks for a lab
`;

type Command = (args: readonly string[]) => Promise<number>;

const commands: Readonly<Record<string, Command>> = {
  ls: async ([lab, ...rest]) => {
    refuseMore(rest);
    return listMachines(lab);
  },
  ssh: async ([name, ...rest]) => {
    const command = rest[0] === '--' ? rest.slice(1) : rest;
    return logIn(await findMachine(name), command);
  },
  logs: async ([name, ...rest]) => {
    const isFollowing = rest[0] === '-f';
    refuseMore(isFollowing ? rest.slice(1) : rest);
    return showConsole(await findMachine(name), isFollowing);
  },
  off: async ([name, ...rest]) => {
    refuseMore(rest);
    const { lab, machine } = await findMachine(name);
    await createLab().powerOff(lab, machine);
    print(`${lab}/${machine} is off`);
    return 0;
  },
  on: async ([name, ...rest]) => {
    refuseMore(rest);
    const { lab, machine } = await findMachine(name);
    await createLab().powerOn(lab, machine);
    print(`${lab}/${machine} is on`);
    return 0;
  },
  down: async ([lab, ...rest]) => {
    refuseMore(rest);
    return takeDown(lab);
  },
  images: async ([verb, ...rest]) => {
    refuseMore(rest);
    if (verb !== undefined && verb !== 'build') throw usageError(`images ${verb}: is no command`);
    return verb === 'build' ? buildImages(print) : listImages(print);
  },
  inventory: async (rest) => {
    refuseMore(rest);
    print(JSON.stringify(takeInventory(), undefined, 2));
    return Promise.resolve(0);
  },
  check: async (rest) => {
    refuseMore(rest);
    const missing = await createLab().missing();
    missing.forEach(print);
    if (missing.length === 0) print('this computer can run a lab');
    return missing.length === 0 ? 0 : 1;
  },
};

/** Removes one lab or all; a lab without a trace is an error only when it was named. */
async function takeDown(wanted: string | undefined): Promise<number> {
  const labs = await tracedLabs(defaultDirectories);
  if (wanted !== undefined) {
    requireLabName(wanted);
    if (!labs.includes(wanted)) {
      const present = labs.length === 0 ? 'there is none' : `there is ${labs.join(', ')}`;
      const message = `lab ${wanted}: there is no trace of it (${present}); nothing was done; \`npm run lab -- ls\` lists all`;
      throw new SwarmError('LabUnknown', message, { source: 'user' });
    }
  }
  for (const lab of wanted === undefined ? labs : [wanted]) {
    await removeLab(defaultDirectories, lab, print);
    print(`removed the lab ${lab}`);
  }
  if (labs.length === 0) print('there is no lab');
  return 0;
}

function refuseMore(rest: readonly string[]): void {
  if (rest.length > 0) throw usageError(`${rest.join(' ')}: is not expected here`);
}

function usageError(fact: string): SwarmError {
  const message = `${fact}; nothing was done; \`npm run lab -- --help\` shows what there is`;
  return new SwarmError('LabUsage', message, { source: 'user' });
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || ['--help', '-h', 'help'].includes(name)) {
    process.stdout.write(usage);
    return name === undefined ? 2 : 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw usageError(`${name}: is no command`);
  if (process.getuid?.() !== 0) {
    const message = 'lab: not root; its records and machines are root’s; run it with sudo';
    throw new SwarmError('LabMissing', message, { source: 'user' });
  }
  return command(args);
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${errorMessage(error)}\n`);
    process.exitCode = 1;
  },
);
