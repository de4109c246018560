import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { root, run } from './command.mjs';
import { step } from './progress.mjs';

const dist = join(root, 'dist');
const stamp = join(dist, '.built');
const skipped = new Set(['node_modules', 'dist', 'out', '.git']);

/** Compiles when a source has changed since the last build; a few milliseconds when none has. */
export async function ensureBuild() {
  const wanted = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) {
    return;
  }
  await step('build by tsc', async () => {
    // A build that fails leaves output of its own, so the last stamp no longer tells what is there.
    rmSync(stamp, { force: true });
    await run([process.execPath, 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']);
    removeOrphans();
    writeFileSync(stamp, wanted);
  });
}

function fingerprint() {
  const hash = createHash('sha256');
  const files = [...sources(root), join(root, 'tsconfig.json'), join(root, 'package-lock.json')];
  for (const file of files.sort()) {
    const { mtimeMs, size } = statSync(file);
    hash.update(`${relative(root, file)} ${mtimeMs} ${size}\n`);
  }
  return hash.digest('hex');
}

function* sources(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      if (!skipped.has(entry.name)) {
        yield* sources(path);
      }
    } else if (entry.name.endsWith('.ts')) {
      yield path;
    }
  }
}

/** tsc leaves the output of a removed source behind, and a removed test would go on running. */
function removeOrphans() {
  for (const name of readdirSync(dist, { recursive: true })) {
    const source = name.replace(/(\.js|\.d\.ts)(\.map)?$/, '.ts');
    if (source !== name && !name.split(sep).includes('node_modules')) {
      if (!existsSync(join(root, source))) {
        rmSync(join(dist, name), { force: true });
      }
    }
  }
}
