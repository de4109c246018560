import { existsSync, readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import * as path from 'node:path';
import { SwarmError } from '../../core/errors';
import { unifiedHierarchy } from './cgroups';
import { hostFirewall } from './firewall';
import { debianKeyring } from './hostApt';
import { imageNames } from './imageRecipe';
import { findImage } from './images';
import type { LabDirectories } from './layout';
import { findTool, tryTool } from './tool';

const neededGiB = 8;

/** Magic number of an overlay in statfs(2): an overlay cannot be the upper layer of another. */
const overlayMagic = 0x794c7630;

const tools = [
  ['systemd-nspawn', 'systemd-container'],
  ['ip', 'iproute2'],
  ['flock', 'util-linux'],
  ['mount', 'mount'],
  ['unshare', 'util-linux'],
  ['setpriv', 'util-linux'],
] as const;

/** What this computer lacks for machines of these OSes, each as a sentence with its remedy. */
export async function missingRequirements(
  directories: LabDirectories,
  wanted: readonly string[] = imageNames,
): Promise<readonly string[]> {
  if (process.platform !== 'linux') {
    return [`this computer runs ${process.platform}; a lab needs Linux; use a Linux machine or VM`];
  }
  if (process.getuid?.() !== 0) {
    return ['not root; a lab makes networks and mounts; run it as root, e.g. with sudo'];
  }
  const missing: string[] = [];
  for (const [tool, debianPackage] of tools) {
    if (findTool(tool) === undefined) missing.push(lacking(tool, debianPackage));
  }
  if (hostFirewall() === undefined) missing.push(lacking('iptables', 'iptables'));
  if (findTool('mmdebstrap') === undefined && !(await areImagesCached(directories, wanted))) {
    missing.push(lacking('mmdebstrap', 'mmdebstrap'));
  } else if (!existsSync(debianKeyring) && !(await areImagesCached(directories, wanted))) {
    missing.push(lacking(debianKeyring, 'debian-archive-keyring'));
  }
  if (unifiedHierarchy() === undefined) {
    missing.push(
      'no cgroup v2 hierarchy is mounted on /sys/fs/cgroup or /sys/fs/cgroup/unified; machines cannot boot; mount one (`mount -t cgroup2 none /sys/fs/cgroup/unified`)',
    );
  }
  missing.push(...(await missingKernelFeatures()));
  missing.push(...(await missingSpace(directories)));
  return missing;
}

/** @throws SwarmError `LabMissing` with everything that is missing for a machine of this OS. */
export async function requireLab(directories: LabDirectories, os: string): Promise<void> {
  const missing = await missingRequirements(directories, [os]);
  if (missing.length === 0) return;
  const message = `lab: this computer lacks ${String(missing.length)} thing(s): ${missing.join('. ')}; no machine can run; see to each and repeat`;
  throw new SwarmError('LabMissing', message, { source: 'world' });
}

function lacking(what: string, debianPackage: string): string {
  return `${what} is not installed; the lab needs it; install the package ${debianPackage} (\`apt-get install ${debianPackage}\`)`;
}

async function areImagesCached(
  directories: LabDirectories,
  wanted: readonly string[],
): Promise<boolean> {
  const images = await Promise.all(wanted.map((os) => findImage(os, directories)));
  return images.every((image) => image !== undefined);
}

/** Each is tried, in a network namespace that ends with the try: a list of modules would not tell what is built in. */
async function missingKernelFeatures(): Promise<readonly string[]> {
  const missing: string[] = [];
  if (findTool('unshare') === undefined || findTool('ip') === undefined) return missing;
  const inNamespace = async (...argv: readonly string[]): Promise<boolean> =>
    (await tryTool(['unshare', '--net', ...argv])).code === 0;
  if (!(await inNamespace('true'))) {
    return ['the kernel makes no network namespace; a machine needs one; use a kernel with NET_NS'];
  }
  const links: Readonly<Record<string, readonly string[]>> = {
    bridge: [],
    veth: [],
    vxlan: ['id', '1', 'dstport', '4789'],
  };
  for (const [type, options] of Object.entries(links)) {
    if (!(await inNamespace('ip', 'link', 'add', 'probe', 'type', type, ...options))) {
      missing.push(
        `the kernel has no ${type}; machines cannot be connected; load the module (\`modprobe ${type}\`) or use another kernel`,
      );
    }
  }
  if (!hasOverlay()) {
    if (findTool('modprobe') !== undefined) await tryTool(['modprobe', 'overlay']);
    if (!hasOverlay()) {
      missing.push(
        'the kernel has no overlayfs; machines share their image by it; load the module (`modprobe overlay`) or use another kernel',
      );
    }
  }
  return missing;
}

function hasOverlay(): boolean {
  return /\boverlay$/m.test(readFileSync('/proc/filesystems', 'utf8'));
}

async function missingSpace(directories: LabDirectories): Promise<readonly string[]> {
  const missing: string[] = [];
  const state = nearestExisting(directories.state);
  const { bavail, bsize, type } = await statfs(state);
  const freeGiB = (bavail * bsize) / 2 ** 30;
  if (freeGiB < neededGiB) {
    missing.push(
      `${state} has ${freeGiB.toFixed(1)} GiB free; a lab needs ${String(neededGiB)} GiB; make room there`,
    );
  }
  if (type === overlayMagic) {
    missing.push(
      `${state} lies on an overlay (a container's root?); machines' disks cannot; mount a real file system on ${directories.state}`,
    );
  }
  return missing;
}

function nearestExisting(directory: string): string {
  return existsSync(directory) ? directory : nearestExisting(path.dirname(directory));
}
