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
import { isOverlapping, parseSubnet, type Subnet } from './subnet';

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
  await requireOwnSubnet(directories, spec.lab, subnet, `lab ${spec.lab}/${spec.name}`);
  await requireFreeAddress(directories, spec);
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

/**
 * Refuses a subnet that is not the lab's own, or that something else of this computer has. Call under
 * the host lock.
 *
 * @throws SwarmError `LabAddressTaken`.
 */
export async function requireOwnSubnet(
  directories: LabDirectories,
  lab: string,
  subnet: Subnet,
  subject: string,
): Promise<void> {
  const { cidr } = subnet;
  for (const name of await labNames(directories)) {
    const other = await readLab(directories, name);
    if (other === undefined) continue;
    if (name === lab && other.subnet !== cidr) {
      throw taken(
        `${subject}: the lab has the subnet ${other.subnet}, not ${cidr}; a lab has one; use it, or another lab`,
      );
    }
    if (name !== lab && isOverlapping(other.subnet, cidr)) {
      throw taken(
        `${subject}: its subnet ${cidr} overlaps ${other.subnet} of the lab ${name}; both would answer; choose another subnet`,
      );
    }
  }
  await requireFreeSubnet(lab, subnet);
}

/** Refuses an address that another machine of the lab has. */
async function requireFreeAddress(
  directories: LabDirectories,
  spec: LabMachineSpec,
): Promise<void> {
  const machines = await readMachines(directories, spec.lab);
  const holder = machines.find(
    ({ name, address }) => name !== spec.name && address === spec.address,
  );
  if (holder !== undefined) {
    throw taken(
      `lab ${spec.lab}/${spec.name}: its address ${spec.address} is that of ${holder.name}; both would answer; choose another address`,
    );
  }
}

function taken(message: string): SwarmError {
  return new SwarmError('LabAddressTaken', message, { source: 'user' });
}
