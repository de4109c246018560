import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import * as path from 'node:path';
import { SwarmError } from '../../core/errors';
import { requireOwnSubnet } from './claim';
import { withLock } from './fileLock';
import { imagesDirectory, labPaths, machinePaths, type LabDirectories } from './layout';
import { unmountBelow } from './mounts';
import { powerOffCleanly } from './processes';
import { machineNames, readLab, readMachines } from './records';
import { parseSubnet } from './subnet';
import { hostLock, machineLock, stopMachine } from './teardown';
import { runTool } from './tool';

/** Of the lab itself: its record and its keys. */
const labFiles = ['lab.json', 'client_key', 'client_key.pub', 'known_hosts'] as const;
/** Of each machine, the record last: while it is missing, the machine counts as never completed. */
const machineParts = ['upper', 'docker', 'record.json'] as const;

/** A machine that has not powered off by then is torn off in the middle of a write. */
const powerOffSeconds = 90;

/**
 * Powers off every machine of a lab in order, and copies the lab whole into a directory: disks, records
 * and keys. The lab stays, switched off. What is in `target` is replaced only by a whole snapshot.
 *
 * A snapshot has the lab's own layout (`layout.ts`). It holds private keys: its directory is for root.
 *
 * @throws SwarmError `LabSnapshotRefused` when the lab has no machine, or one does not power off in order.
 */
export async function saveLab(
  directories: LabDirectories,
  lab: string,
  target: string,
): Promise<void> {
  const names = await machineNames(directories, lab);
  if (names.length === 0) throw refused(`lab ${lab}: cannot be saved: it has no machine`);
  const beside = `${target}.new`;
  await rm(beside, { recursive: true, force: true });
  await mkdir(path.join(beside, 'machines'), { recursive: true, mode: 0o700 });
  await Promise.all(
    names.map(async (name) =>
      withLock(machineLock(lab, name), async () => {
        if (!(await powerOffCleanly(lab, name, powerOffSeconds))) {
          throw refused(
            `lab ${lab}/${name}: cannot be saved: it did not power off within ${String(powerOffSeconds)} s, and its disk may be in the middle of a write`,
          );
        }
        await stopMachine(directories, lab, name);
        const from = machinePaths(directories, lab, name).directory;
        await unmountBelow(from);
        await copyParts(from, path.join(beside, 'machines', name), machineParts);
      }),
    ),
  );
  await copyParts(labPaths(directories, lab).directory, beside, labFiles);
  await rm(target, { recursive: true, force: true });
  await rename(beside, target);
}

/**
 * Puts a lab back as `saveLab` found it: the same names, addresses, keys and disks, all machines off. A
 * repetition after a kill wants the lab removed first.
 *
 * @throws SwarmError `LabSnapshotRefused` when there is no snapshot, when the lab has a machine, or when
 * an OS image of it is gone; `LabAddressTaken`.
 */
export async function restoreLab(directories: LabDirectories, source: string): Promise<void> {
  const saved: LabDirectories = { ...directories, state: path.dirname(source) };
  const record = await readLab(saved, path.basename(source));
  if (record === undefined) throw refused(`snapshot ${source}: cannot be restored: there is none`);
  const { lab } = record;
  const machines = await readMachines(saved, path.basename(source));
  for (const { name, image } of machines) {
    if (!existsSync(path.join(imagesDirectory(directories), image))) {
      throw refused(
        `snapshot ${source}: cannot be restored: the OS image ${image} of ${name} is gone`,
      );
    }
  }
  await withLock(hostLock, async () => {
    const present = await machineNames(directories, lab);
    if (present.length > 0) {
      throw refused(`lab ${lab}: cannot be restored: it has the machines ${present.join(', ')}`);
    }
    await requireOwnSubnet(directories, lab, parseSubnet(record.subnet), `lab ${lab}`);
    await copyParts(source, labPaths(directories, lab).directory, labFiles);
  });
  await Promise.all(
    machines.map(async ({ name }) =>
      withLock(machineLock(lab, name), async () => {
        const to = machinePaths(directories, lab, name).directory;
        await copyParts(path.join(source, 'machines', name), to, machineParts);
      }),
    ),
  );
}

/** Owners, modes, extended attributes, device nodes and holes as they are; shared blocks where the file system can. */
async function copyParts(from: string, to: string, parts: readonly string[]): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const part of parts) {
    await runTool(
      ['cp', '--archive', '--reflink=auto', '--sparse=auto', '--', path.join(from, part), to],
      { timeoutSeconds: 600 },
    );
  }
}

function refused(fact: string): SwarmError {
  const message = `${fact}; nothing of it was changed; remove the lab with \`npm run lab -- down\`, and make it anew`;
  return new SwarmError('LabSnapshotRefused', message, { source: 'world' });
}
