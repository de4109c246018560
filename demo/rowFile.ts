import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SwarmError, errorMessage } from '../core/errors';

/** A raw file that grows by one line per sample. */
export interface RowFile {
  write(line: string): void;
  /** Resolves when every row is with the operating system. @throws SwarmError `RowFileFailed`. */
  close(): Promise<void>;
}

/**
 * Starts a raw file anew, with its directory. Rows go to the operating system as they come, so a
 * kill -9 loses only samples that had no outcome yet.
 *
 * @throws SwarmError `RowFileFailed` when it cannot be opened.
 */
export async function openRowFile(path: string, header?: string): Promise<RowFile> {
  const fail = (cause: unknown): SwarmError =>
    new SwarmError(
      'RowFileFailed',
      `${path}: ${errorMessage(cause)}; samples would be lost; make the path writable or free some disk`,
      { source: 'user', cause },
    );
  let failure: SwarmError | undefined;
  await mkdir(dirname(path), { recursive: true }).catch((cause: unknown) => {
    throw fail(cause);
  });
  const stream = createWriteStream(path);
  stream.on('error', (cause) => {
    failure ??= fail(cause);
  });
  await once(stream, 'open').catch((cause: unknown) => {
    throw fail(cause);
  });
  const write = (line: string): void => {
    stream.write(`${line}\n`);
  };
  if (header !== undefined) write(header);
  return {
    write,
    close: async () => {
      await new Promise<void>((resolve) => {
        if (stream.closed) resolve();
        stream.once('close', resolve);
        stream.end();
      });
      if (failure !== undefined) throw failure;
    },
  };
}
