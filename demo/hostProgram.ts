import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { promisify } from 'node:util';
import { SwarmError, errorMessage } from '../core/errors';
import type { ImageFile } from '../effects/archive/imageArchive';

const execute = promisify(execFile);

/**
 * A program of this computer with every library that it is linked with, at the paths where it looks for
 * them: it runs in a container that holds nothing else.
 *
 * @throws SwarmError `ProgramMissing` when it cannot be had.
 */
export async function hostProgram(path: string): Promise<readonly ImageFile[]> {
  try {
    const { stdout } = await execute('ldd', [path], {
      env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
    });
    const libraries = stdout
      .split('\n')
      .flatMap((line) => /(?:^\s*|=> )(\/\S+) \(0x/.exec(line)?.[1] ?? []);
    if (libraries.length === 0) throw new Error(`ldd names no library: ${stdout.trim()}`);
    return await Promise.all(
      [path, ...libraries].map(async (file) => ({
        path: file,
        sourcePath: await realpath(file),
        mode: 0o755,
      })),
    );
  } catch (cause) {
    throw new SwarmError(
      'ProgramMissing',
      `${path}: it cannot be taken into an image (${errorMessage(cause).trim()}); the web image cannot be made; install it on this computer`,
      { source: 'world', cause },
    );
  }
}
