import { createHash } from 'node:crypto';
import * as path from 'node:path';

/** Where labs keep what they have; both outside any checkout. */
export interface LabDirectories {
  /** Records, keys and disks of machines. Default: `/var/lib/swarm-lab`. */
  readonly state: string;
  /** OS images, shared by all labs. Default: `/var/cache/swarm-lab`. */
  readonly cache: string;
}

export const defaultDirectories: LabDirectories = {
  state: '/var/lib/swarm-lab',
  cache: '/var/cache/swarm-lab',
};

/** State that ends with a reboot of this computer, as the settings do that it describes. */
export const runtimeDirectory = '/run/swarm-lab';

/** Marks every name that a lab gives to something of this computer. */
export const namePrefix = 'swarm-lab';

/** Paths of one machine. */
export interface MachinePaths {
  readonly directory: string;
  readonly record: string;
  /** Mount point of the overlay: the machine's root directory. */
  readonly root: string;
  readonly upper: string;
  readonly work: string;
  /** Bound to `/var/lib/docker`: the engine's storage driver cannot lie on an overlay. */
  readonly docker: string;
  readonly console: string;
}

/** Paths of one lab. */
export interface LabPaths {
  readonly directory: string;
  readonly record: string;
  readonly clientKey: string;
  readonly clientPublicKey: string;
  readonly knownHosts: string;
  readonly machines: string;
}

export function labPaths(directories: LabDirectories, lab: string): LabPaths {
  const directory = path.join(directories.state, lab);
  return {
    directory,
    record: path.join(directory, 'lab.json'),
    clientKey: path.join(directory, 'client_key'),
    clientPublicKey: path.join(directory, 'client_key.pub'),
    knownHosts: path.join(directory, 'known_hosts'),
    machines: path.join(directory, 'machines'),
  };
}

export function machinePaths(
  directories: LabDirectories,
  lab: string,
  machine: string,
): MachinePaths {
  const directory = path.join(labPaths(directories, lab).machines, machine);
  return {
    directory,
    record: path.join(directory, 'record.json'),
    root: path.join(directory, 'root'),
    upper: path.join(directory, 'upper'),
    work: path.join(directory, 'work'),
    docker: path.join(directory, 'docker'),
    console: path.join(directory, 'console.log'),
  };
}

export function imagesDirectory(directories: LabDirectories): string {
  return path.join(directories.cache, 'images');
}

function shortHash(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}

/** Common start of the names of all links of a lab; an interface's name has at most 15 characters. */
export function linkPrefix(lab: string): string {
  return `swl-${shortHash(lab, 6)}`;
}

export function bridgeName(lab: string): string {
  return linkPrefix(lab);
}

/** The end on this computer of a machine's link. */
export function linkName(lab: string, machine: string): string {
  return `${linkPrefix(lab)}${shortHash(machine, 5)}`;
}

/**
 * Hardware address of a machine: the same after it is rebuilt, so that its neighbours' address tables
 * stay right. The `02` says "locally administered".
 */
export function hardwareAddress(lab: string, machine: string): string {
  const digits = shortHash(`${lab}/${machine}`, 10);
  return ['02', ...(digits.match(/../g) ?? [])].join(':');
}

/** Names hold no dot, so the parts of a joined name cannot be mistaken for each other. */
export function namespacePrefix(lab: string): string {
  return `${namePrefix}.${lab}.`;
}

export function namespaceName(lab: string, machine: string): string {
  return `${namespacePrefix(lab)}${machine}`;
}

export function namespacePath(lab: string, machine: string): string {
  return path.join('/run/netns', namespaceName(lab, machine));
}

/** Name of a machine for systemd-nspawn; unique over labs. */
export function containerName(lab: string, machine: string): string {
  return `${lab}.${machine}`;
}

/** Comment that every firewall rule of a lab carries. */
export function ruleComment(lab: string): string {
  return `${namePrefix}:${lab}`;
}
