import { readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { defaultDirectories, labPaths, machinePaths } from '../../../effects/labMachines/layout';
import { machineProcesses } from '../../../effects/labMachines/processes';

/** Everything that a lab machine has written, and what it keeps in memory only, as this computer sees it. */
export function machinePlaces(lab: string, machine: string): readonly string[] {
  const { upper, docker, console: log } = machinePaths(defaultDirectories, lab, machine);
  const { leader } = machineProcesses(lab, machine);
  if (leader === undefined) throw new Error(`${machine}: it is off`);
  const volatile = ['run', 'tmp', 'dev/shm'].map((name) => `/proc/${leader}/root/${name}`);
  return [upper, docker, log, ...volatile];
}

/** Where a lab keeps what logs in, and a machine what it shows: their own places. */
export function ownPlaces(lab: string, machines: readonly string[]): ReadonlySet<string> {
  const key = join('etc', 'ssh', 'ssh_host_ed25519_key');
  return new Set([
    labPaths(defaultDirectories, lab).clientKey,
    ...machines.map((name) => join(machinePaths(defaultDirectories, lab, name).upper, key)),
  ]);
}

/** What a lab keeps on this computer beside its machines' disks. */
export function labPlaces(lab: string): readonly string[] {
  const { record, clientKey, clientPublicKey, knownHosts } = labPaths(defaultDirectories, lab);
  return [record, clientKey, clientPublicKey, knownHosts, '/run/swarm-lab', '/run/lock/swarm-lab'];
}

/** Histories of shells and programs of whoever runs this. */
export function histories(): readonly string[] {
  return readdirSync(homedir())
    .filter((name) => /^\..*history$/.test(name))
    .map((name) => join(homedir(), name));
}

/** Files and folders below one that others than their owner may read or change, links left out. */
export function openTo(folder: string, bits: number): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & bits) !== 0);
}
