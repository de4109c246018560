import type { Hosts } from '../../../effects/effects';
import type { Operation } from '../../server/resource';

const takenByHosts = new WeakMap<Hosts, Set<string>>();

/** IDs of the swarms that were backed up in this run: a run is a process. */
function takenIn({ effects }: Operation): Set<string> {
  const taken = takenByHosts.get(effects.hosts) ?? new Set<string>();
  takenByHosts.set(effects.hosts, taken);
  return taken;
}

export function isTaken(operation: Operation, clusterId: string): boolean {
  return takenIn(operation).has(clusterId);
}

export function noteTaken(operation: Operation, clusterId: string): void {
  takenIn(operation).add(clusterId);
}
