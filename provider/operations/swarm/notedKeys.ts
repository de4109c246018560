import { keysToTry } from '../../../core/autolock';
import type { UnlockKeys } from '../../../core/autolock';
import type { Hosts } from '../../../effects/effects';
import type { Operation } from '../../server/resource';

const notedByHosts = new WeakMap<Hosts, Map<string, Set<string>>>();

/**
 * Notes the unlock keys of a swarm, for the life of the process: a Node has none, and of a swarm whose only
 * manager is out nobody can be asked.
 */
export function noteUnlockKeys({ effects }: Operation, clusterId: string, keys: UnlockKeys): void {
  const noted = notedByHosts.get(effects.hosts) ?? new Map<string, Set<string>>();
  notedByHosts.set(effects.hosts, noted);
  const present = keysToTry(undefined, keys, undefined);
  noted.set(clusterId, new Set([...present, ...(noted.get(clusterId) ?? [])]));
}

/** Secret; in the order in which they are to be tried. */
export function notedKeys({ effects }: Operation, clusterId: string): readonly string[] {
  return [...(notedByHosts.get(effects.hosts)?.get(clusterId) ?? [])];
}
