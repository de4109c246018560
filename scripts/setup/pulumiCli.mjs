import { existsSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { isExecutable, run, which } from './command.mjs';
import { withLock } from './lock.mjs';
import { SetupError, say, step } from './progress.mjs';
import { buildPulumi } from './pulumiFromSource.mjs';

/** The version that is set up where none is installed. */
export const pulumiVersion = '3.250.0';
/** Older ones have not been tried. */
const leastMinor = 200;

const host = 'pulumi-language-nodejs';

/**
 * A directory for PATH with the Pulumi CLI and its Node.js language host, or undefined when PATH
 * serves already. In this order: what is installed, what an earlier set-up left in the cache, the
 * official release, a build from its public sources.
 */
export async function ensurePulumi() {
  if (await isInstalled()) {
    return undefined;
  }
  const cache = join(cacheRoot(), `pulumi-${pulumiVersion}`);
  if (!isWhole(cache)) {
    await withLock(`${cache}.lock`, async () => {
      if (!isWhole(cache)) {
        await fill(cache);
      }
    });
  }
  return cache;
}

export function cacheRoot() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'swarm-cluster');
}

async function isInstalled() {
  const pulumi = which('pulumi');
  if (pulumi === undefined) {
    return false;
  }
  const version = /v?3\.(\d+)\./.exec(await run([pulumi, 'version'], { timeoutSeconds: 30 }));
  if (version === null || Number(version[1]) < leastMinor) {
    say(
      `set-up: ${pulumi} does not say that it is 3.${leastMinor} or later; using ${pulumiVersion} instead`,
    );
    return false;
  }
  return which(host, [dirname(realpathSync(pulumi))]) !== undefined;
}

function isWhole(directory) {
  return [join(directory, 'pulumi'), join(directory, host)].every(isExecutable);
}

/** Fills a directory beside the cache's and renames it, so that a half-made one is never used. */
async function fill(cache) {
  mkdirSync(dirname(cache), { recursive: true });
  const scratch = mkdtempSync(`${cache}.new-`);
  try {
    const ready = await obtain(scratch);
    if (!isWhole(ready)) {
      throw new SetupError(`pulumi: ${ready} holds no pulumi and ${host} after the set-up`);
    }
    rmSync(cache, { recursive: true, force: true });
    renameSync(ready, cache);
  } finally {
    // Go writes its module cache read-only; what we made ourselves is writable.
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function obtain(scratch) {
  try {
    return await step(`Pulumi CLI ${pulumiVersion} by download`, () => download(scratch));
  } catch (error) {
    say(`set-up: the download failed (${error.message.split('\n')[0]})`);
  }
  return step(`Pulumi CLI ${pulumiVersion} built from source (about four minutes)`, () =>
    buildPulumi(scratch, pulumiVersion),
  );
}

async function download(scratch) {
  const platform = { linux: 'linux', darwin: 'darwin' }[process.platform];
  const architecture = { x64: 'x64', arm64: 'arm64' }[process.arch];
  if (platform === undefined || architecture === undefined) {
    throw new SetupError(`no release for ${process.platform} on ${process.arch}`);
  }
  const url = `https://get.pulumi.com/releases/sdk/pulumi-v${pulumiVersion}-${platform}-${architecture}.tar.gz`;
  const archive = join(scratch, 'pulumi.tar.gz');
  await run(
    // curl knows the proxies of the environment, which Node's fetch does not.
    ['curl', '--fail', '--silent', '--show-error', '--location', '--connect-timeout', '10']
      .concat(['--speed-limit', '10000', '--speed-time', '20'])
      .concat(['--output', archive, url]),
  );
  await run(['tar', '--extract', '--gzip', `--file=${archive}`, `--directory=${scratch}`]);
  const unpacked = join(scratch, 'pulumi');
  if (!existsSync(unpacked)) {
    throw new SetupError(`${url}: the archive holds no directory pulumi/`);
  }
  return unpacked;
}
