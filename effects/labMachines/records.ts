import { chmod, mkdir, open, readFile, readdir, rename } from 'node:fs/promises';
import * as path from 'node:path';
import { z } from 'zod';
import { isIpAddress, isLabSubnet } from '../../core/addresses';
import { SwarmError, errorMessage } from '../../core/errors';
import { labPaths, machinePaths, type LabDirectories } from './layout';

// Names become parts of paths, of links and of rules.
const label = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
const subnet = z.string().refine(isLabSubnet, 'is no subnet of a lab');

const labSchema = z.object({ lab: label, subnet });

const machineSchema = z.object({
  id: z.string(),
  lab: label,
  name: label,
  os: z.string(),
  // A folder's name: it becomes part of a path.
  image: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/),
  address: z.string().refine(isIpAddress, 'is no IP address'),
  subnet,
  hostPublicKey: z.string(),
  labels: z.record(z.string(), z.string()),
  isPrepared: z.boolean(),
});

/** What is kept of a lab. */
export type StoredLab = Readonly<z.infer<typeof labSchema>>;
/** What is kept of a machine. `isPrepared`: its disk is complete, it was handed to its first boot. */
export type StoredMachine = Readonly<z.infer<typeof machineSchema>>;

/** @throws SwarmError `LabRecordDamaged`; undefined only when there is no such file. */
export async function readLab(
  directories: LabDirectories,
  lab: string,
): Promise<StoredLab | undefined> {
  return readRecord(labPaths(directories, lab).record, labSchema, lab, {});
}

/** @throws SwarmError `LabRecordDamaged`; undefined only when there is no such file. */
export async function readMachine(
  directories: LabDirectories,
  lab: string,
  machine: string,
): Promise<StoredMachine | undefined> {
  const file = machinePaths(directories, lab, machine).record;
  return readRecord(file, machineSchema, lab, { name: machine });
}

export async function writeLab(directories: LabDirectories, record: StoredLab): Promise<void> {
  const file = labPaths(directories, record.lab).record;
  await writeFileWhole(file, `${JSON.stringify(record, undefined, 2)}\n`);
}

export async function writeMachine(
  directories: LabDirectories,
  record: StoredMachine,
): Promise<void> {
  const file = machinePaths(directories, record.lab, record.name).record;
  await writeFileWhole(file, `${JSON.stringify(record, undefined, 2)}\n`);
}

/** Names of the labs that have a directory, sorted. */
export async function labNames(directories: LabDirectories): Promise<readonly string[]> {
  return directoryNames(directories.state);
}

/** Names of the machines of a lab that have a directory, damaged ones too, sorted. */
export async function machineNames(
  directories: LabDirectories,
  lab: string,
): Promise<readonly string[]> {
  return directoryNames(labPaths(directories, lab).machines);
}

/** Every machine of a lab that has a record, sorted by name. */
export async function readMachines(
  directories: LabDirectories,
  lab: string,
): Promise<readonly StoredMachine[]> {
  const names = await machineNames(directories, lab);
  const records = await Promise.all(names.map((name) => readMachine(directories, lab, name)));
  return records.filter((record) => record !== undefined);
}

/** Written beside its place, synced and renamed: after a power cut there is the old or the new. */
export async function writeFileWhole(file: string, content: string, mode = 0o600): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const beside = `${file}.new`;
  const handle = await open(beside, 'w', mode);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await chmod(beside, mode);
  await rename(beside, file);
}

/** Content as UTF-8, or undefined when there is no such file. */
export async function readFileIfAny(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Whether an error of the file system says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

async function directoryNames(directory: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** `expected`: what the record must say of itself, or it is that of another place. */
async function readRecord<T extends object>(
  file: string,
  schema: z.ZodType<T>,
  lab: string,
  expected: Partial<T>,
): Promise<T | undefined> {
  const text = await readFileIfAny(file);
  if (text === undefined) return undefined;
  try {
    const record = schema.parse(JSON.parse(text));
    const foreign = (Object.keys(expected) as (keyof T)[]).find(
      (key) => record[key] !== expected[key],
    );
    if (foreign === undefined) return record;
    throw new TypeError(`its ${String(foreign)} is not that of its place`);
  } catch (cause) {
    const message = `${file}: cannot be understood (${errorMessage(cause)}); what it describes is unknown; remove the lab with \`npm run lab -- down ${lab}\``;
    throw new SwarmError('LabRecordDamaged', message, { source: 'world', cause });
  }
}
