import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { SwarmError, errorMessage } from '../../core/errors';
import { fnv1a } from '../../core/fnv1a';
import { dormantUnits } from '../../core/nodeImage';
import { systemClock } from '../clock';
import type { Host } from '../effects';
import type { NodeImageOrder } from '../lab';
import { withLock } from './fileLock';
import { ImageHost } from './imageHost';
import { imageIdentity, imageRecipe } from './imageRecipe';
import {
  buildingPrefix,
  ensureImage,
  imageLock,
  removeAbandonedBuilds,
  type LabImage,
} from './images';
import { imagesDirectory, type LabDirectories } from './layout';
import { pruneNodeImages } from './pruneNodeImages';
import { runTool } from './tool';

/** The image of this name if it is there, whole, over the OS's recipe of today. */
export async function findNodeImage(
  { name, os }: NodeImageOrder,
  directories: LabDirectories,
): Promise<LabImage | undefined> {
  const image = await placeOf({ name, os }, directories);
  if (!existsSync(image.directory)) return undefined;
  // Images that nobody has used for long are removed, by this time.
  await utimes(image.directory, new Date(), new Date());
  return image;
}

/**
 * Makes sure that the image is there: a copy of the OS's own in which `install` has put what a node needs. Two
 * callers at once build it once. A build that fails or is killed leaves nothing that counts as an image.
 *
 * @throws SwarmError `LabImageUnknown`, `LabImageBuildFailed`, and what `install` throws.
 */
export async function ensureNodeImage(
  order: NodeImageOrder,
  install: (host: Host) => Promise<void>,
  progress: (sentence: string) => void,
  directories: LabDirectories,
): Promise<LabImage> {
  const present = await findNodeImage(order, directories);
  if (present !== undefined) return present;
  const base = await ensureImage(order.os, progress, directories);
  const image = await placeOf(order, directories);
  return withLock(imageLock(image.identity), async () => {
    if (existsSync(image.directory)) return image;
    const started = systemClock.monotonicMs();
    progress(`building ${order.name}`);
    await removeAbandonedBuilds(directories, image.identity);
    const building = path.join(
      imagesDirectory(directories),
      `${buildingPrefix}${image.identity}-${randomBytes(4).toString('hex')}`,
    );
    try {
      // No process works in a directory that is being copied but the copy: its name is in the command.
      await runTool(
        ['cp', '--archive', '--reflink=auto', '--sparse=auto', '--', base.directory, building],
        { timeoutSeconds: 600 },
      );
      await carryNames(building);
      const host = new ImageHost(`image ${order.name}`, building);
      await install(host);
      for (const unit of dormantUnits) await host.systemd.disable(unit);
      await withoutIdentity(building);
      await runTool(['sync', '--file-system', building], { timeoutSeconds: 600 });
      await utimes(building, new Date(), new Date());
      await rename(building, image.directory);
    } catch (cause) {
      await rm(building, { recursive: true, force: true });
      const message = `image ${order.name}: could not be built (${errorMessage(cause)}); no node was touched; see to what is named, and run it again`;
      throw new SwarmError('LabImageBuildFailed', message, { source: 'world', cause });
    }
    const seconds = Math.round((systemClock.monotonicMs() - started) / 1000);
    progress(`built ${order.name} in ${String(seconds)} s`);
    await pruneNodeImages(directories, progress);
    return image;
  });
}

async function placeOf(
  { name, os }: NodeImageOrder,
  directories: LabDirectories,
): Promise<LabImage> {
  const base = imageIdentity(await imageRecipe(os));
  // One for each OS image and each content.
  const identity = `${base}-${fnv1a(name)}`;
  return { identity, directory: path.join(imagesDirectory(directories), identity) };
}

/** By what this computer reaches the mirror now; a machine gets its own. */
async function carryNames(building: string): Promise<void> {
  for (const file of ['/etc/hosts', '/etc/resolv.conf']) {
    if (!existsSync(file)) continue;
    await rm(path.join(building, file), { force: true });
    await copyFile(file, path.join(building, file));
  }
}

/** What two machines must never have in common: of the machine, of its sshd, of its engine. */
async function withoutIdentity(building: string): Promise<void> {
  const gone = [
    'var/lib/docker',
    'var/lib/containerd',
    'etc/docker/key.json',
    'var/lib/dbus/machine-id',
    'var/cache/pulumi-swarm',
  ];
  for (const each of gone) await rm(path.join(building, each), { recursive: true, force: true });
  const ssh = path.join(building, 'etc/ssh');
  for (const name of await readdir(ssh)) {
    if (name.startsWith('ssh_host_')) await rm(path.join(ssh, name));
  }
  // As it is in the OS image: empty, so that nothing makes one up.
  await writeFile(path.join(building, 'etc/machine-id'), '');
  const archives = path.join(building, 'var/cache/apt/archives');
  const packages = existsSync(archives) ? await readdir(archives) : [];
  for (const name of packages.filter((each) => each.endsWith('.deb'))) {
    await rm(path.join(archives, name));
  }
  await mkdir(path.join(building, 'var/lib/docker'), { recursive: true, mode: 0o710 });
}
