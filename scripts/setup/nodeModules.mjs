import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './command.mjs';
import { SetupError, step } from './progress.mjs';

/** `node --test --test-concurrency` is there from 20.10 on. */
const leastNode = [20, 10];

export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < leastNode[0] || (major === leastNode[0] && minor < leastNode[1])) {
    throw new SetupError(
      `node: this is ${process.versions.node}, and ${leastNode.join('.')} or later is needed; install a current Node.js and run the command again`,
    );
  }
}

/** Installs the packages of package-lock.json when they are missing, or of another lock file. */
export async function ensureNodeModules() {
  const lock = join(root, 'package-lock.json');
  const stamp = join(root, 'node_modules', '.swarm-setup');
  const wanted = createHash('sha256').update(readFileSync(lock)).digest('hex');
  if (existsSync(stamp)) {
    if (readFileSync(stamp, 'utf8') === wanted) {
      return;
    }
  } else if (isInstalledByHand(lock)) {
    writeFileSync(stamp, wanted);
    return;
  }
  await step('node_modules by npm ci', () =>
    run(['npm', 'ci', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund']),
  );
  writeFileSync(stamp, wanted);
}

/** npm writes its own record after each install; newer than the lock file, it is an install of it. */
function isInstalledByHand(lock) {
  const record = join(root, 'node_modules', '.package-lock.json');
  return existsSync(record) && statSync(record).mtimeMs >= statSync(lock).mtimeMs;
}
