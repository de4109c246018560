import { SwarmError } from '../../../core/errors';
import { markerDirectory } from '../../../core/marker';
import { steps } from '../../../core/steps';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';

export interface ImageArchive {
  readonly reference: string;
  readonly path: string;
  readonly sha256: string;
}

const recordPath = `${markerDirectory}/images.json`;

/**
 * Brings image archives of this computer onto an engine, each once: what was loaded is recorded on the
 * host by content.
 *
 * @throws SwarmError `ImageArchiveChanged` when a file is not what was declared.
 */
export async function loadImages(
  operation: Operation,
  host: Host,
  node: string,
  archives: readonly ImageArchive[],
): Promise<void> {
  if (archives.length === 0) return;
  await operation.step(steps.loadImages(node), async () => {
    const present = await host.docker.images();
    const loaded = new Map(Object.entries(parseRecord(await host.files.read(recordPath))));
    for (const archive of archives) {
      const isThere = present.includes(archive.reference);
      if (isThere && loaded.get(archive.reference) === archive.sha256) continue;
      await checkArchive(operation, archive);
      await host.docker.loadImage(archive.path);
      loaded.set(archive.reference, archive.sha256);
      await host.files.write(recordPath, `${JSON.stringify(Object.fromEntries(loaded))}\n`, {
        mode: 0o600,
      });
    }
  });
}

async function checkArchive(operation: Operation, archive: ImageArchive): Promise<void> {
  const actual = await operation.effects.local.sha256(archive.path);
  if (actual !== archive.sha256.toLowerCase()) {
    throw new SwarmError(
      'ImageArchiveChanged',
      `${archive.reference}: ${archive.path} has the SHA-256 ${actual}, and ${archive.sha256} is declared; nothing was loaded`,
      { source: 'user' },
    );
  }
}

function parseRecord(text: string | undefined): Record<string, string> {
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value).filter(
            (entry): entry is [string, string] => typeof entry[1] === 'string',
          ),
        )
      : {};
  } catch {
    return {};
  }
}
