import { existsSync } from 'node:fs';
import * as path from 'node:path';
import { namePrefix, containerName } from './layout';

/** Where the unified hierarchy is mounted: alone (v2), or beside v1 controllers (hybrid); undefined when neither. */
export function unifiedHierarchy(): string | undefined {
  return ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find(
    (directory) =>
      existsSync(path.join(directory, 'cgroup.procs')) &&
      existsSync(path.join(directory, 'cgroup.controllers')),
  );
}

/** Whether systemd runs this computer: then it owns the hierarchy, and a machine asks it for a scope. */
export function isSystemdHost(): boolean {
  return existsSync('/run/systemd/system');
}

/** The control group of a machine on a computer without systemd. Each needs its own, or their systemds would share one tree. */
export function machineCgroup(lab: string, machine: string): string {
  return path.join(labCgroups()[0] ?? '', containerName(lab, machine));
}

/** Where control groups of machines may be: the unified hierarchy, and systemd's own v1 one, in which systemd-nspawn makes the same. */
export function labCgroups(): readonly string[] {
  return [unifiedHierarchy() ?? '/sys/fs/cgroup', '/sys/fs/cgroup/systemd'].map((hierarchy) =>
    path.join(hierarchy, namePrefix),
  );
}
