import { existsSync, readdirSync } from 'node:fs';
import { rm, rmdir, stat } from 'node:fs/promises';
import * as path from 'node:path';
import { SwarmError } from '../../core/errors';
import { systemClock } from '../clock';
import { labCgroups } from './cgroups';
import { withLock } from './fileLock';
import { hostFirewall } from './firewall';
import { removeNetwork } from './labNetwork';
import {
  containerName,
  labPaths,
  linkName,
  machinePaths,
  namePrefix,
  namespaceName,
  namespacePath,
  namespacePrefix,
  type LabDirectories,
} from './layout';
import { isMounted, unmountBelow } from './mounts';
import { allMachineProcesses, cutPower } from './processes';
import { isMissing, labNames, machineNames } from './records';
import { runTool, tryTool } from './tool';

/** Serializes what concerns several labs or machines: networks, addresses, forwarding. */
export const hostLock = 'host';

export function machineLock(lab: string, machine: string): string {
  return `machine-${lab}.${machine}`;
}

/** Cuts the machine's power and takes away what exists only while it runs. Its disk stays. */
export async function stopMachine(
  directories: LabDirectories,
  lab: string,
  machine: string,
): Promise<void> {
  await cutPower(lab, machine);
  if (existsSync(namespacePath(lab, machine))) {
    await runTool(['ip', 'netns', 'delete', namespaceName(lab, machine)]);
  }
  const link = linkName(lab, machine);
  if (existsSync(path.join('/sys/class/net', link))) {
    // The end of the namespace takes the link with it, at a moment of the kernel's choice.
    await tryTool(['ip', 'link', 'delete', link]);
  }
  for (const group of labCgroups()) {
    await removeCgroup(path.join(group, containerName(lab, machine)));
  }
  // systemd-nspawn leaves its lock on the root directory when it is killed.
  const root = machinePaths(directories, lab, machine).root;
  if (isMounted(root)) {
    const { dev, ino } = await stat(root);
    const lock = `inode-${String(dev)}:${String(ino)}`;
    await rm(path.join('/run/systemd/nspawn/locks', lock), { force: true });
  }
  for (const kind of ['propagate', 'unix-export']) {
    const left = path.join('/run/systemd/nspawn', kind, containerName(lab, machine));
    await unmountBelow(left);
    await rm(left, { recursive: true, force: true });
  }
}

/** Removes every trace of a machine, whether its record can be read or not; succeeds when there is none. Call under its lock. */
export async function removeMachine(
  directories: LabDirectories,
  lab: string,
  machine: string,
): Promise<void> {
  const paths = machinePaths(directories, lab, machine);
  await stopMachine(directories, lab, machine);
  await unmountBelow(paths.directory);
  // The record goes last: while it is there, an interrupted removal is found and repeated.
  for (const part of [paths.root, paths.upper, paths.work, paths.docker, paths.console]) {
    await rm(part, { recursive: true, force: true });
  }
  await rm(paths.directory, { recursive: true, force: true });
}

/** Removes network and directory of a lab that has no machine (any more). Call under the host lock. */
export async function removeLabIfEmpty(directories: LabDirectories, lab: string): Promise<void> {
  if ((await machineNames(directories, lab)).length > 0) return;
  await removeNetwork(lab);
  await rm(labPaths(directories, lab).directory, { recursive: true, force: true });
  await removeIfEmpty(directories.state);
  for (const group of labCgroups()) {
    // Other labs' machines may be below.
    if (existsSync(group) && !hasDirectories(group)) await removeCgroup(group);
  }
}

/**
 * Removes a lab by its traces: machines by directory, process and namespace, then network, rules and
 * files. Needs no record, so it also clears what a crash or a damaged record left. No clean power-off.
 */
export async function removeLab(
  directories: LabDirectories,
  lab: string,
  progress: (sentence: string) => void,
): Promise<void> {
  const machines = new Set([
    ...(await machineNames(directories, lab)),
    ...tracedMachines().flatMap((traced) => (traced.lab === lab ? [traced.machine] : [])),
  ]);
  await Promise.all(
    [...machines].map(async (machine) =>
      withLock(machineLock(lab, machine), async () => {
        await removeMachine(directories, lab, machine);
        progress(`removed ${lab}/${machine}`);
      }),
    ),
  );
  await withLock(hostLock, async () => {
    await removeLabIfEmpty(directories, lab);
  });
}

/** Every lab of which this computer shows a trace: directories, namespaces, processes, firewall rules. */
export async function tracedLabs(directories: LabDirectories): Promise<readonly string[]> {
  return [
    ...new Set([
      ...(await labNames(directories)),
      ...tracedMachines().map(({ lab }) => lab),
      ...((await hostFirewall()?.labs()) ?? []),
    ]),
  ].sort();
}

function tracedMachines(): readonly { readonly lab: string; readonly machine: string }[] {
  const namespaces = existsSync('/run/netns') ? readdirSync('/run/netns') : [];
  const named = namespaces.flatMap((name) => {
    const [prefix, lab, machine] = name.split('.');
    if (prefix !== namePrefix || lab === undefined || machine === undefined) return [];
    return name.startsWith(namespacePrefix(lab)) ? [{ lab, machine }] : [];
  });
  return [...named, ...allMachineProcesses()];
}

/**
 * Control groups below are empty once their processes are gone, which the kernel may take a moment to see.
 *
 * @throws SwarmError `LabMachineStuck` when one still has a process after 5 s.
 */
async function removeCgroup(directory: string): Promise<void> {
  const deadline = systemClock.monotonicMs() + 5000;
  while (existsSync(directory)) {
    try {
      await removeTree(directory);
    } catch (error) {
      const isBusy = error instanceof Error && 'code' in error && error.code === 'EBUSY';
      if (!isBusy && !isMissing(error)) throw error;
      if (systemClock.monotonicMs() > deadline) {
        const message = `control group ${directory}: still has a process after 5 s; it cannot be removed; end the processes in its cgroup.procs and repeat`;
        throw new SwarmError('LabMachineStuck', message, { source: 'world' });
      }
      await systemClock.sleep(20);
    }
  }
}

function hasDirectories(directory: string): boolean {
  return readdirSync(directory, { withFileTypes: true }).some((entry) => entry.isDirectory());
}

async function removeTree(directory: string): Promise<void> {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeTree(path.join(directory, entry.name));
  }
  await rmdir(directory);
}

async function removeIfEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch (error) {
    const isInUse = error instanceof Error && 'code' in error && error.code === 'ENOTEMPTY';
    if (!isInUse && !isMissing(error)) throw error;
  }
}
