import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PropertyMap } from '../../provider/server/resource';
import { buildPauseImage, pauseReference } from '../contract/pauseImage';

/** A service that runs everywhere and the image that every engine needs for it, until this process ends. */
export async function webService(): Promise<{
  readonly engine: { readonly images: readonly [PropertyMap] };
  readonly services: readonly PropertyMap[];
  readonly archive: string;
}> {
  const folder = mkdtempSync(join(tmpdir(), 'swarm-web-'));
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  const archive = join(folder, 'web.tar');
  await buildPauseImage(archive);
  const sha256 = createHash('sha256').update(readFileSync(archive)).digest('hex');
  return {
    archive,
    engine: { images: [{ reference: pauseReference, path: archive, sha256 }] },
    services: [
      { name: 'everywhere', image: pauseReference, global: true },
      { name: 'web', image: pauseReference, replicas: 2 },
    ],
  };
}
