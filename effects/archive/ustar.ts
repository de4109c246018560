import { SwarmError } from '../../core/errors';

const blockSize = 512;

/**
 * The header block of one entry of a POSIX (ustar) archive. Owner is root and the time is 0, so equal
 * content gives equal bytes.
 *
 * @param path relative; a folder ends with `/`.
 * @param size bytes that follow.
 * @throws SwarmError `ArchivePathTooLong`: ustar takes 100 bytes, or 155 and 100 around a `/`.
 */
export function ustarHeader(path: string, size: number, mode: number): Buffer {
  const { prefix, name } = splitPath(path);
  const header = Buffer.alloc(blockSize);
  header.write(name, 0, 'utf8');
  writeOctal(header, mode, 100, 8);
  writeOctal(header, 0, 108, 8); // user
  writeOctal(header, 0, 116, 8); // group
  writeOctal(header, size, 124, 12);
  writeOctal(header, 0, 136, 12); // time
  header.write('        ', 148, 'latin1'); // the checksum counts itself as blanks
  header.write(path.endsWith('/') ? '5' : '0', 156, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  header.write(prefix, 345, 'utf8');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

/** Zeros that fill an entry's content to whole blocks. */
export function ustarPadding(size: number): Buffer {
  return Buffer.alloc((blockSize - (size % blockSize)) % blockSize);
}

/** Two empty blocks. */
export const ustarEnd: Buffer = Buffer.alloc(2 * blockSize);

function writeOctal(header: Buffer, value: number, offset: number, length: number): void {
  header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, 'latin1');
}

function splitPath(path: string): { readonly prefix: string; readonly name: string } {
  if (Buffer.byteLength(path) <= 100) {
    return { prefix: '', name: path };
  }
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
    const prefix = path.slice(0, at);
    const name = path.slice(at + 1);
    if (name !== '' && Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155) {
      return { prefix, name };
    }
  }
  throw new SwarmError(
    'ArchivePathTooLong',
    `archive: the path ${path} does not fit into a ustar header; the archive was not made; use a shorter path`,
    { source: 'user' },
  );
}
