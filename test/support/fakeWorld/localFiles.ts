import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { SwarmError } from '../../../core/errors';
import type { LocalFiles } from '../../../effects/effects';

/** This computer's files are no part of the fake: what a test writes into a temporary folder is read as it is. */
export const localFiles: LocalFiles = {
  sha256: async (path) => {
    const content = await readFile(path).catch((cause: unknown) => {
      throw new SwarmError(
        'FileMissing',
        `${path}: cannot be read; nothing was changed; check the path`,
        { source: 'user', cause },
      );
    });
    return createHash('sha256').update(content).digest('hex');
  },
};
