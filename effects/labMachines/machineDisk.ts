import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { imagesDirectory, labPaths, machinePaths, type LabDirectories } from './layout';
import { mountOverlay, unmountBelow } from './mounts';
import type { StoredMachine } from './records';
import type { LabMachineSpec } from '../lab';

/** Mounts the machine's root directory over its image; succeeds when it is mounted. */
export async function mountRoot(directories: LabDirectories, record: StoredMachine): Promise<void> {
  const paths = machinePaths(directories, record.lab, record.name);
  for (const directory of [paths.root, paths.upper, paths.work, paths.docker]) {
    await mkdir(directory, { recursive: true });
  }
  const lower = path.join(imagesDirectory(directories), record.image);
  await mountOverlay({ lower, upper: paths.upper, work: paths.work }, paths.root);
}

/** Starts the machine's disk afresh and gives it what only this machine has: name, keys, addresses. */
export async function prepareRoot(
  directories: LabDirectories,
  record: StoredMachine,
  spec: LabMachineSpec,
): Promise<void> {
  const paths = machinePaths(directories, record.lab, record.name);
  await unmountBelow(paths.directory);
  for (const directory of [paths.upper, paths.work, paths.docker]) {
    await rm(directory, { recursive: true, force: true });
  }
  await mountRoot(directories, record);
  const clientPublicKey = await readFile(labPaths(directories, spec.lab).clientPublicKey, 'utf8');
  const place = async (file: string, content: string, mode = 0o644): Promise<void> => {
    const target = path.join(paths.root, file);
    await mkdir(path.dirname(target), { recursive: true });
    // Removed first: where the image has a link, the link's target is not meant.
    await rm(target, { force: true });
    await writeFile(target, content, { mode });
  };
  await place('etc/hostname', `${spec.name}\n`);
  await place('etc/hosts', hostsFile(spec, readIfAny('/etc/hosts')));
  await place('etc/resolv.conf', resolverFile());
  // Its own from the first moment on; an empty one would be made up again if the first boot is cut off.
  await place('etc/machine-id', `${randomBytes(16).toString('hex')}\n`, 0o444);
  await place('etc/ssh/ssh_host_ed25519_key', withNewline(spec.hostPrivateKey), 0o600);
  await place('etc/ssh/ssh_host_ed25519_key.pub', withNewline(spec.hostPublicKey));
  await place('root/.ssh/authorized_keys', withNewline(clientPublicKey.trim()), 0o600);
  await chmod(path.join(paths.root, 'root/.ssh'), 0o700);
}

/** The machine's own name, and the names that this computer's administrator gave to others (a mirror, a proxy). */
export function hostsFile(
  spec: { readonly name: string; readonly address: string },
  hostFile: string,
): string {
  const carried = hostFile
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '' && !/^(?:127\.|::1\s|fe00::|ff0|0\.0\.0\.0\s)/i.test(line));
  return `${['127.0.0.1 localhost', `${spec.address} ${spec.name}`, ...carried].join('\n')}\n`;
}

/** This computer's resolvers; of systemd-resolved, which listens on loopback only, those that it asks. */
function resolverFile(): string {
  const own = readIfAny('/etc/resolv.conf');
  const isLoopbackOnly = !/^\s*nameserver\s+(?!127\.|::1)/m.test(own);
  const behind = readIfAny('/run/systemd/resolve/resolv.conf');
  return isLoopbackOnly && behind !== '' ? behind : own;
}

function readIfAny(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function withNewline(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
