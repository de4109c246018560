import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { SwarmError, errorMessage } from '../core/errors';
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
};

/** Bytes of a file of this computer. @throws SwarmError `FileMissing`. */
export async function localFileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    throw missing(path, error);
  }
}

function missing(path: string, cause: unknown): SwarmError {
  return new SwarmError(
    'FileMissing',
    `${path}: it cannot be read (${errorMessage(cause)}); nothing was sent; check the path`,
    { source: 'user', cause },
  );
}
