import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { SwarmError } from '../../core/errors';

const blockSize = 512;

/**
 * The paths of a tar's entries, if it is whole: every header has its checksum, every content is there, and
 * the mark of the end as well. To `tar` one that was cut between two entries is an archive.
 *
 * @throws SwarmError `ArchiveIncomplete`; `FileMissing` when there is no such file.
 */
export async function tarMembers(path: string): Promise<readonly string[]> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new SwarmError('FileMissing', `${path}: it cannot be read; check the path`, {
      source: 'user',
      cause: error,
    });
  });
  try {
    return await readMembers(path, file);
  } finally {
    await file.close();
  }
}

async function readMembers(path: string, file: FileHandle): Promise<readonly string[]> {
  const { size } = await file.stat();
  const members: string[] = [];
  const header = Buffer.alloc(blockSize);
  for (let offset = 0; offset + blockSize <= size;) {
    await file.read(header, 0, blockSize, offset);
    if (header.every((byte) => byte === 0)) return members;
    const bytes = contentBytes(header);
    if (bytes === undefined) throw incomplete(path, `no entry begins at byte ${String(offset)}`);
    members.push(memberPath(header));
    offset += blockSize + Math.ceil(bytes / blockSize) * blockSize;
  }
  throw incomplete(path, `it ends after ${String(members.length)} entries without its end mark`);
}

/** Bytes behind a header; undefined: it is no header. */
function contentBytes(header: Buffer): number | undefined {
  const octal = (offset: number, length: number): number =>
    parseInt(header.toString('latin1', offset, offset + length).replace(/[\0 ]+$/, ''), 8);
  const sum = header.reduce(
    // The checksum counts itself as blanks.
    (total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte),
    0,
  );
  const bytes = octal(124, 12);
  return octal(148, 8) === sum && bytes >= 0 ? bytes : undefined;
}

function memberPath(header: Buffer): string {
  const text = (offset: number, length: number): string =>
    header.toString('utf8', offset, offset + length).replace(/\0.*$/s, '');
  const isPosix = header.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isPosix ? text(345, 155) : '';
  return prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`;
}

function incomplete(path: string, why: string): SwarmError {
  return new SwarmError(
    'ArchiveIncomplete',
    `${path}: it is no whole archive (${why}); nothing was done with it; take another one`,
    { source: 'world' },
  );
}
