import * as fs from 'node:fs';

const block = 512;

/**
 * References (`name:tag`) in an image archive as `docker save` writes it: the `RepoTags` of its
 * manifest.json. Reads just enough of the tar format for that.
 *
 * @throws Error when there is no such file, or no manifest in it: an engine refuses it too.
 */
export function archiveReferences(localPath: string): readonly string[] {
  const archive = fs.readFileSync(localPath);
  for (let at = 0; at + block <= archive.length;) {
    const name = text(archive, at, 100);
    const size = octal(text(archive, at + 124, 12));
    if (name === 'manifest.json') {
      const content = archive.toString('utf8', at + block, at + block + size);
      const manifest = JSON.parse(content) as { RepoTags?: string[] | null }[];
      return manifest.flatMap((image) => image.RepoTags ?? []);
    }
    at += block + Math.ceil(size / block) * block;
  }
  throw new Error(`${localPath}: no manifest.json in it; not an image archive`);
}

function text(buffer: Buffer, start: number, length: number): string {
  return buffer.toString('latin1', start, start + length).replace(/\0.*$/s, '');
}

/** The blocks of zeros at the end of an archive have no size. */
function octal(digits: string): number {
  const value = Number.parseInt(digits.trim(), 8);
  return Number.isNaN(value) ? 0 : value;
}
