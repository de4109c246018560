import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ustarEnd, ustarHeader, ustarPadding } from './ustar';

/** A container image of a single layer. */
export interface ImageSpec {
  /** `name:tag`. */
  readonly reference: string;
  readonly files: readonly ImageFile[];
  /** Command of the image (`CMD`). */
  readonly command: readonly string[];
  /** As the engine names it, e.g. `amd64`. */
  readonly architecture: string;
  /** Default: none. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A file of the image: either `content` or a file of this computer. */
export type ImageFile = {
  /** Absolute path in the image. */
  readonly path: string;
  /** Octal. Default: 0o644. */
  readonly mode?: number;
} & ({ readonly content: string | Buffer } | { readonly sourcePath: string });

export interface ImageArchive {
  readonly path: string;
  /** Of the whole file, in hex. Equal images give equal files. */
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * Writes an image as `docker save` does (Docker Image Specification v1.2), which every engine since
 * 1.10 loads, also with the containerd image store. No registry, no engine and no shell is needed.
 * The file is written beside its place and renamed.
 */
export async function buildImageArchive(spec: ImageSpec, path: string): Promise<ImageArchive> {
  await mkdir(dirname(path), { recursive: true });
  const layerPath = `${path}.${String(process.pid)}.layer`;
  const archivePath = `${path}.${String(process.pid)}.new`;
  try {
    const layer = await writeTar(layerPath, layerEntries(spec.files));
    const config = JSON.stringify({
      architecture: spec.architecture,
      os: 'linux',
      created: '1970-01-01T00:00:00Z',
      config: {
        Cmd: spec.command,
        Env: Object.entries(spec.environment ?? {}).map(([name, value]) => `${name}=${value}`),
      },
      rootfs: { type: 'layers', diff_ids: [`sha256:${layer.sha256}`] },
      history: [{ created: '1970-01-01T00:00:00Z', created_by: 'swarm' }],
    });
    const configName = `${createHash('sha256').update(config).digest('hex')}.json`;
    const layerName = `${layer.sha256}/layer.tar`;
    const manifest = JSON.stringify([
      { Config: configName, RepoTags: [spec.reference], Layers: [layerName] },
    ]);
    const archive = await writeTar(archivePath, [
      { path: configName, mode: 0o644, content: config },
      { path: `${layer.sha256}/`, mode: 0o755, content: '' },
      { path: layerName, mode: 0o644, sourcePath: layerPath },
      { path: 'manifest.json', mode: 0o644, content: manifest },
    ]);
    await rename(archivePath, path);
    return { path, ...archive };
  } finally {
    await rm(layerPath, { force: true });
    await rm(archivePath, { force: true });
  }
}

/** The files in the order of their paths, each folder before what is in it. */
function layerEntries(files: readonly ImageFile[]): readonly ImageFile[] {
  const relative = files
    .map((file) => ({ ...file, path: file.path.replace(/^\/+/, '') }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const folders = new Set<string>();
  return relative.flatMap((file) => {
    const parts = file.path.split('/').slice(0, -1);
    const missing = parts
      .map((_, index) => `${parts.slice(0, index + 1).join('/')}/`)
      .filter((folder) => !folders.has(folder));
    missing.forEach((folder) => folders.add(folder));
    return [...missing.map((path) => ({ path, mode: 0o755, content: '' })), file];
  });
}

async function writeTar(
  path: string,
  entries: readonly ImageFile[],
): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await open(path, 'w');
  const write = async (chunk: Buffer): Promise<void> => {
    hash.update(chunk);
    bytes += chunk.length;
    await file.writeFile(chunk);
  };
  try {
    for (const entry of entries) {
      const mode = entry.mode ?? 0o644;
      if ('content' in entry) {
        const content = Buffer.from(entry.content);
        await write(ustarHeader(entry.path, content.length, mode));
        await write(content);
        await write(ustarPadding(content.length));
      } else {
        const { size } = await stat(entry.sourcePath);
        await write(ustarHeader(entry.path, size, mode));
        for await (const chunk of createReadStream(entry.sourcePath) as AsyncIterable<Buffer>) {
          await write(chunk);
        }
        await write(ustarPadding(size));
      }
    }
    await write(ustarEnd);
  } finally {
    await file.close();
  }
  return { sha256: hash.digest('hex'), bytes };
}
