import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SwarmError, errorMessage } from '../core/errors';

const execute = promisify(execFile);

/**
 * Path of a busybox that runs in an empty container: this computer's own when it is static, else one
 * out of Debian's package `busybox-static`, which is unpacked into `cacheDirectory` and not installed.
 *
 * @throws SwarmError `BusyboxMissing` when neither is to be had.
 */
export async function staticBusybox(cacheDirectory: string): Promise<string> {
  const cached = join(cacheDirectory, 'busybox');
  for (const path of ['/bin/busybox', cached]) {
    if (await isStaticProgram(path)) return path;
  }
  try {
    await fetchBusybox(cacheDirectory, cached);
  } catch (cause) {
    throw new SwarmError(
      'BusyboxMissing',
      `busybox: /bin/busybox is not a static program, and the package busybox-static could not be fetched (${errorMessage(cause).trim()}); the web image cannot be made; run "apt-get update" and "apt-get install busybox-static"`,
      { source: 'world', cause },
    );
  }
  return cached;
}

async function fetchBusybox(cacheDirectory: string, target: string): Promise<void> {
  await mkdir(cacheDirectory, { recursive: true });
  const work = await mkdtemp(join(cacheDirectory, 'busybox-'));
  try {
    // apt's own download user may not write here; as root it then downloads itself, with a warning.
    await execute('apt-get', ['download', '--quiet', 'busybox-static'], { cwd: work });
    const archive = (await readdir(work)).find((name) => name.endsWith('.deb'));
    if (archive === undefined) throw new Error('apt-get downloaded no package');
    await execute('dpkg-deb', ['--extract', join(work, archive), join(work, 'root')]);
    // Debian moved /bin to /usr/bin inside packages between releases.
    for (const path of ['bin/busybox', 'usr/bin/busybox']) {
      const unpacked = join(work, 'root', path);
      if (await isStaticProgram(unpacked)) {
        await rename(unpacked, target);
        return;
      }
    }
    throw new Error(`${archive} holds no static busybox`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const programHeaderInterpreter = 3;

/** Whether this is a 64-bit little-endian ELF program that asks for no dynamic loader; false when there is no such file. */
async function isStaticProgram(path: string): Promise<boolean> {
  const head = await readHead(path);
  if (head === undefined || head.length < 64 || head.readUInt32BE(0) !== 0x7f454c46) return false;
  if (head[4] !== 2 || head[5] !== 1) return false;
  // e_phoff, e_phentsize and e_phnum of the ELF header; p_type is the first word of each entry.
  const offset = Number(head.readBigUInt64LE(32));
  const size = head.readUInt16LE(54);
  const count = head.readUInt16LE(56);
  for (let index = 0; index < count; index += 1) {
    const at = offset + index * size;
    if (at + 4 > head.length || head.readUInt32LE(at) === programHeaderInterpreter) return false;
  }
  return true;
}

async function readHead(path: string): Promise<Buffer | undefined> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
