import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { SwarmError } from '../../core/errors';
import { systemClock } from '../clock';
import { tailOf } from '../tailOf';
import { withLock } from './fileLock';
import { imageExec } from './imageExec';
import { imageIdentity, imageRecipe, type ImageRecipe } from './imageRecipe';
import { defaultDirectories, imagesDirectory, type LabDirectories } from './layout';
import { unmountBelow } from './mounts';
import { allCommandLines } from './processes';
import { runTool } from './tool';

/** An image that is whole. */
export interface LabImage {
  /** Content identity, e.g. `debian-12-0123456789ab`. */
  readonly identity: string;
  /** Its root directory: lower layer of machines, never written to. */
  readonly directory: string;
}

/** Of a directory that is no image yet, or none any more. */
export const buildingPrefix = '.building-';

/** The image of an OS if it is there, whole, for the recipe of today. */
export async function findImage(
  os: string,
  directories: LabDirectories = defaultDirectories,
): Promise<LabImage | undefined> {
  const image = placeOf(await imageRecipe(os), directories);
  return existsSync(image.directory) ? image : undefined;
}

/**
 * Makes sure that the image of an OS is there; builds it with mmdebstrap if not (about 20 s, 300 MB).
 * Two callers at once build it once. An interrupted build leaves nothing that counts as an image.
 *
 * @throws SwarmError `LabImageUnknown`, `LabImageBuildFailed`.
 */
export async function ensureImage(
  os: string,
  progress: (sentence: string) => void,
  directories: LabDirectories = defaultDirectories,
): Promise<LabImage> {
  const recipe = await imageRecipe(os);
  const image = placeOf(recipe, directories);
  if (existsSync(image.directory)) return image;
  return withLock(imageLock(image.identity), async () => {
    if (existsSync(image.directory)) return image;
    const started = systemClock.monotonicMs();
    progress(`building the OS image ${os} from ${mirrorOf(recipe)} (once, about half a minute)`);
    await removeAbandonedBuilds(directories, image.identity);
    const building = path.join(
      imagesDirectory(directories),
      `${buildingPrefix}${image.identity}-${randomBytes(4).toString('hex')}`,
    );
    await mkdir(imagesDirectory(directories), { recursive: true, mode: 0o755 });
    try {
      await bootstrap(recipe, building, progress);
      await finish(recipe, building);
      await rename(building, image.directory);
    } catch (cause) {
      await rm(building, { recursive: true, force: true });
      const detail = cause instanceof Error ? cause.message : String(cause);
      const message = `image ${os}: could not be built from ${mirrorOf(recipe)} (${detail}); no machine can be made with it; check the way to the mirror, or name another in SWARM_LAB_MIRROR`;
      throw new SwarmError('LabImageBuildFailed', message, { source: 'world', cause });
    }
    const seconds = Math.round((systemClock.monotonicMs() - started) / 1000);
    progress(`built the OS image ${os} in ${String(seconds)} s`);
    return image;
  });
}

/** Identities of all images in the cache, those of earlier recipes too. */
export async function cachedImages(
  directories: LabDirectories = defaultDirectories,
): Promise<readonly string[]> {
  const directory = imagesDirectory(directories);
  const names = existsSync(directory) ? await readdir(directory) : [];
  return names.filter((name) => !name.startsWith('.')).sort();
}

function placeOf(recipe: ImageRecipe, directories: LabDirectories): LabImage {
  const identity = imageIdentity(recipe);
  return { identity, directory: path.join(imagesDirectory(directories), identity) };
}

function mirrorOf({ mirror }: ImageRecipe): string {
  return mirror ?? 'the mirror of mmdebstrap';
}

async function bootstrap(
  recipe: ImageRecipe,
  directory: string,
  progress: (sentence: string) => void,
): Promise<void> {
  await runTool(
    [
      'mmdebstrap',
      '--mode=root',
      '--variant=minbase',
      '--format=directory',
      // The engine is installed later from these lists, without an update.
      '--skip=cleanup/apt/lists',
      ...recipe.aptOptions.map((option) => `--aptopt=${option.replace(/;$/, '')}`),
      ...(recipe.keyring === undefined ? [] : [`--keyring=${recipe.keyring.path}`]),
      `--include=${recipe.packages.join(',')}`,
      recipe.suite,
      directory,
      ...(recipe.mirror === undefined ? [] : [`deb ${recipe.mirror} ${recipe.suite} main`]),
    ],
    {
      timeoutSeconds: 1200,
      onErrorLine: (line) => {
        const step = /^I: ((?:running|downloading|extracting|installing).*)$/.exec(line)?.[1];
        if (step !== undefined) progress(`building the OS image ${recipe.os}: ${step}`);
      },
    },
  );
}

/** Files, masks, and what must differ from machine to machine taken out. */
async function finish(recipe: ImageRecipe, directory: string): Promise<void> {
  for (const file of recipe.files) {
    const target = path.join(directory, file.path);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, file.content, { mode: 0o644 });
  }
  const units = path.join(directory, 'etc/systemd/system');
  for (const unit of recipe.masked) {
    await rm(path.join(units, unit), { force: true });
    await symlink('/dev/null', path.join(units, unit));
  }
  await rm(path.join(units, 'default.target'), { force: true });
  await symlink('/usr/lib/systemd/system/multi-user.target', path.join(units, 'default.target'));
  if (recipe.keyring !== undefined) {
    const name = `swarm-lab${path.extname(recipe.keyring.path)}`;
    await copyFile(recipe.keyring.path, path.join(directory, 'etc/apt/trusted.gpg.d', name));
  }
  const ssh = path.join(directory, 'etc/ssh');
  for (const name of await readdir(ssh)) {
    if (name.startsWith('ssh_host_')) await rm(path.join(ssh, name));
  }
  await updateCertificates(directory);
}

/** In the image's own environment: the caller's may name directories that it has not got, as TMPDIR often does. */
async function updateCertificates(directory: string): Promise<void> {
  const command = 'update-ca-certificates';
  const result = await imageExec(directory)([command]);
  if (result.code === 0) return;
  throw new Error(`${command} in it ended with ${String(result.code)}: ${tailOf(result)}`);
}

/**
 * A build directory whose lock nobody holds was left by a crash. `own`: of the image whose lock the caller holds,
 * so that nobody builds it.
 */
export async function removeAbandonedBuilds(
  directories: LabDirectories,
  own: string,
): Promise<void> {
  const parent = imagesDirectory(directories);
  const names = existsSync(parent) ? await readdir(parent) : [];
  const commands = allCommandLines();
  for (const name of names.filter((entry) => entry.startsWith(buildingPrefix))) {
    const directory = path.join(parent, name);
    const identity = name.slice(buildingPrefix.length).replace(/-[^-]*$/, '');
    const lock = `/${imageLock(identity)}.lock`;
    const isInUse = commands.some((argv) =>
      argv.some((word) => word.includes(directory) || (identity !== own && word.endsWith(lock))),
    );
    if (isInUse) continue;
    await unmountBelow(directory);
    await rm(directory, { recursive: true, force: true });
  }
}

/** Name of the lock under which an image is built. */
export function imageLock(identity: string): string {
  return `image-${identity}`;
}
