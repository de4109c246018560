import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { access, mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SwarmError, errorMessage } from '../core/errors';
import { tarMembers } from './archive/tarMembers';
import type { LocalFiles } from './effects';

/** Files of this computer. They are read as streams: an image may be larger than our memory. */
export const localFiles: LocalFiles = {
  async sha256(path) {
    const hash = createHash('sha256');
    try {
      await pipeline(createReadStream(path), hash);
    } catch (error) {
      throw missing(path, error);
    }
    return hash.digest('hex');
  },
  size: localFileSize,
  async list(directory) {
    try {
      return await readdir(directory);
    } catch (error) {
      throw missing(directory, error);
    }
  },
  read: (path) => unlessMissing(path, () => readFile(path, 'utf8'), undefined),
  listIfThere: (path) => unlessMissing(path, () => readdir(path), []),
  tarMembers,
  privateDirectoryFault,
  async ensurePrivateDirectory(path) {
    const why = await privateDirectoryFault(path);
    if (why !== undefined) throw unfit(path, why);
    try {
      await mkdir(path, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw unfit(path, `it cannot be made (${errorMessage(error)})`);
    }
  },
  remove: (path) => rm(path, { force: true }),
  async writePrivate(path, content) {
    await putPrivateFile(path, async (partial) => {
      const file = await open(partial, 'wx', 0o600);
      try {
        await file.writeFile(content, 'utf8');
        await file.sync();
      } finally {
        await file.close();
      }
    });
  },
};

/**
 * Puts a file in its place when it is whole: `fill` writes it beside its place, for this user only. What a
 * fill that was killed has left there is replaced.
 *
 * @throws what `fill` throws as a SwarmError; else `LocalWriteFailed`.
 */
export async function putPrivateFile(
  path: string,
  fill: (partial: string) => Promise<void>,
): Promise<void> {
  const partial = `${path}.partial`;
  try {
    await rm(partial, { force: true });
    await fill(partial);
    await rename(partial, path);
    const directory = await open(dirname(path), 'r');
    await directory.sync().finally(() => directory.close());
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined);
    if (error instanceof SwarmError) throw error;
    throw new SwarmError(
      'LocalWriteFailed',
      `${path}: it cannot be written on this computer (${errorMessage(error)}); no part of it was left; look at the disk`,
      { source: 'user', cause: error },
    );
  }
}

async function privateDirectoryFault(path: string): Promise<string | undefined> {
  try {
    const found = await stat(path);
    if (!found.isDirectory()) return 'it is no directory';
    if ((found.mode & 0o077) !== 0) {
      return `others may look into it (mode ${(found.mode & 0o777).toString(8)}); \`chmod 700\` it, or name one of its own`;
    }
    await access(path, constants.W_OK);
    return undefined;
  } catch (error) {
    if (!isMissing(error)) return `it cannot be used (${errorMessage(error)})`;
    const parent = dirname(path);
    return parent === path ? undefined : parentFault(parent);
  }
}

/** Of the nearest directory that is there: the others are made in it. */
async function parentFault(path: string): Promise<string | undefined> {
  try {
    if (!(await stat(path)).isDirectory()) return `${path} is no directory`;
    await access(path, constants.W_OK);
    return undefined;
  } catch (error) {
    if (!isMissing(error)) return `it cannot be made in ${path} (${errorMessage(error)})`;
    const parent = dirname(path);
    return parent === path ? undefined : parentFault(parent);
  }
}

/** Bytes of a file of this computer. @throws SwarmError `FileMissing`. */
export async function localFileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    throw missing(path, error);
  }
}

/** That there is nothing is an answer; that it cannot be looked at is none. */
async function unlessMissing<T>(path: string, look: () => Promise<T>, nothing: T): Promise<T> {
  try {
    return await look();
  } catch (error) {
    if (isMissing(error)) return nothing;
    throw missing(path, error);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function missing(path: string, cause: unknown): SwarmError {
  return new SwarmError(
    'FileMissing',
    `${path}: it cannot be read (${errorMessage(cause)}); nothing was sent; check the path`,
    { source: 'user', cause },
  );
}

function unfit(path: string, why: string): SwarmError {
  return new SwarmError(
    'LocalDirectoryUnfit',
    `${path}: ${why}; nothing was touched; secrets are kept there, for its owner only`,
    { source: 'user' },
  );
}
