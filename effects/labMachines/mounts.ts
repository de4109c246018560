import { readFileSync } from 'node:fs';
import { SwarmError } from '../../core/errors';
import { runTool, tryTool } from './tool';

/** Mount points of this computer, in the order in which they were mounted. */
export function mountPoints(): readonly string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point !== '')
    .map((point) => point.replace(/\\(\d{3})/g, (_, octal: string) => octalCharacter(octal)));
}

export function isMounted(point: string): boolean {
  return mountPoints().includes(point);
}

/** Mounts an overlay; succeeds when it is mounted already. */
export async function mountOverlay(
  layers: { readonly lower: string; readonly upper: string; readonly work: string },
  point: string,
): Promise<void> {
  if (isMounted(point)) return;
  const options = `lowerdir=${layers.lower},upperdir=${layers.upper},workdir=${layers.work}`;
  await runTool(['mount', '-t', 'overlay', 'overlay', '-o', options, point]);
}

/**
 * Unmounts a directory and everything mounted below it. What is still in use is detached: its files
 * can then be removed, and it goes when its last user does.
 *
 * @throws SwarmError `LabMountStuck`: nothing may be removed below what is still mounted.
 */
export async function unmountBelow(directory: string): Promise<void> {
  const isBelow = (point: string): boolean =>
    point === directory || point.startsWith(`${directory}/`);
  for (const point of mountPoints().filter(isBelow).reverse()) {
    const { code } = await tryTool(['umount', point]);
    if (code !== 0) await tryTool(['umount', '--lazy', point]);
  }
  const left = mountPoints().filter(isBelow);
  if (left.length > 0) {
    const message = `mounts ${left.join(', ')}: could not be unmounted; the files below are kept; unmount them by hand and repeat`;
    throw new SwarmError('LabMountStuck', message, { source: 'world' });
  }
}

function octalCharacter(octal: string): string {
  return String.fromCharCode(Number.parseInt(octal, 8));
}
