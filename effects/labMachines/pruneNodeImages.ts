import { existsSync, readFileSync } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import * as path from 'node:path';
import { z } from 'zod';
import { errorMessage } from '../../core/errors';
import { systemClock } from '../clock';
import { buildingPrefix } from './images';
import { defaultDirectories, imagesDirectory, type LabDirectories } from './layout';
import { readFileIfAny } from './records';

/** OS, recipe and content, as `nodeImages.ts` names them: an OS's own image is none. */
const identity = /^[a-z]+-\d+-[0-9a-f]{12}-[0-9a-f]{16}$/;
const unusedDays = 14;
const named = z.object({ image: z.string() });

/**
 * Removes images that no machine was made from for two weeks, and that no machine and no snapshot of any lab
 * stands on. What cannot be told to be unused stays.
 */
export async function pruneNodeImages(
  directories: LabDirectories,
  progress: (sentence: string) => void,
): Promise<void> {
  const parent = imagesDirectory(directories);
  try {
    const before = systemClock.now().getTime() - unusedDays * 24 * 3_600_000;
    const old: string[] = [];
    for (const name of (await readdir(parent)).filter((each) => identity.test(each))) {
      if ((await stat(path.join(parent, name))).mtimeMs < before) old.push(name);
    }
    if (old.length === 0) return;
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
    const used = await imagesInUse(directories);
    for (const name of old) {
      if (used.has(name) || mounts.includes(name)) continue;
      const aside = path.join(parent, `${buildingPrefix}${name}-removed`);
      await rename(path.join(parent, name), aside);
      await rm(aside, { recursive: true, force: true });
      progress(`removed the image ${name}, unused for ${String(unusedDays)} days`);
    }
  } catch (error) {
    progress(`no unused image was removed: ${errorMessage(error)}`);
  }
}

/** By the records of all labs and of their snapshots. @throws when a record cannot be read. */
async function imagesInUse(directories: LabDirectories): Promise<ReadonlySet<string>> {
  const golden = path.join(directories.cache, 'golden');
  const roots = new Set([directories.state, defaultDirectories.state, golden]);
  const used = new Set<string>();
  for (const root of roots) {
    for (const lab of await directoriesIn(root)) {
      const machines = path.join(root, lab, 'machines');
      for (const machine of await directoriesIn(machines)) {
        const text = await readFileIfAny(path.join(machines, machine, 'record.json'));
        if (text !== undefined) used.add(named.parse(JSON.parse(text)).image);
      }
    }
  }
  return used;
}

async function directoriesIn(parent: string): Promise<readonly string[]> {
  if (!existsSync(parent)) return [];
  const entries = await readdir(parent, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
