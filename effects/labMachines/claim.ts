import { mkdir } from 'node:fs/promises';
import { SwarmError } from '../../core/errors';
import type { LabMachineSpec } from '../lab';
import { ensureClientKey, writeKnownHosts } from './clientKey';
import { requireFreeSubnet } from './labNetwork';
import { machinePaths, type LabDirectories } from './layout';
import {
  labNames,
  readLab,
  readMachines,
  writeLab,
  writeMachine,
  type StoredMachine,
} from './records';
import { isOverlapping, parseSubnet } from './subnet';

/**
 * Takes name and address for a machine by writing its record: from here on its traces are found. Call
 * under the host lock, or two could take the same.
 *
 * @throws SwarmError `LabAddressTaken`.
 */
export async function claimMachine(
  directories: LabDirectories,
  spec: LabMachineSpec,
  image: string,
): Promise<StoredMachine> {
  const subnet = parseSubnet(spec.subnet);
  await requireFreeAddress(directories, spec, subnet.cidr);
  await requireFreeSubnet(spec.lab, subnet);
  await writeLab(directories, { lab: spec.lab, subnet: subnet.cidr });
  await ensureClientKey(directories, spec.lab);
  const record: StoredMachine = {
    id: spec.id,
    lab: spec.lab,
    name: spec.name,
    os: spec.os,
    image,
    address: spec.address,
    subnet: subnet.cidr,
    hostPublicKey: spec.hostPublicKey.trim(),
    labels: { ...spec.labels },
    isPrepared: false,
  };
  const paths = machinePaths(directories, spec.lab, spec.name);
  await mkdir(paths.directory, { recursive: true, mode: 0o700 });
  await writeMachine(directories, record);
  await writeKnownHosts(directories, spec.lab);
  return record;
}

/** Refuses a subnet or address that another lab or machine has. */
async function requireFreeAddress(
  directories: LabDirectories,
  spec: LabMachineSpec,
  cidr: string,
): Promise<void> {
  const taken = (fact: string): SwarmError =>
    new SwarmError('LabAddressTaken', `lab ${spec.lab}/${spec.name}: ${fact}`, {
      source: 'user',
    });
  for (const name of await labNames(directories)) {
    const other = await readLab(directories, name);
    if (other === undefined) continue;
    if (name === spec.lab && other.subnet !== cidr) {
      throw taken(
        `the lab has the subnet ${other.subnet}, not ${cidr}; a lab has one; use it, or another lab`,
      );
    }
    if (name !== spec.lab && isOverlapping(other.subnet, cidr)) {
      throw taken(
        `its subnet ${cidr} overlaps ${other.subnet} of the lab ${name}; both would answer; choose another subnet`,
      );
    }
  }
  const machines = await readMachines(directories, spec.lab);
  const holder = machines.find(
    ({ name, address }) => name !== spec.name && address === spec.address,
  );
  if (holder !== undefined) {
    throw taken(
      `its address ${spec.address} is that of ${holder.name}; both would answer; choose another address`,
    );
  }
}
