import type { Hosts } from '../../../effects/effects';
import type { Operation } from '../../server/resource';

const endedByHosts = new WeakMap<Hosts, Set<string>>();

/** Notes, for the life of the process, that the last member of a swarm has left it, with the consent that it carried. */
export function noteEnded({ effects }: Operation, clusterId: string): void {
  const ended = endedByHosts.get(effects.hosts) ?? new Set<string>();
  endedByHosts.set(effects.hosts, ended.add(clusterId));
}

/**
 * Whether this very run has ended the swarm. A manager that was silent by then was taken out of it before, and
 * need not answer for its own deletes to know so.
 */
export function hasEnded({ effects }: Operation, clusterId: string): boolean {
  return endedByHosts.get(effects.hosts)?.has(clusterId) === true;
}
