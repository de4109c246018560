import { keysToTry } from '../../../core/autolock';
import type { UnlockKeys } from '../../../core/autolock';
import { ofProcess } from '../../server/ofProcess';
import type { Operation } from '../../server/resource';

const notedIn = ofProcess(() => new Map<string, Set<string>>());

/**
 * Notes the unlock keys of a swarm, for the life of the process: a Node has none, and of a swarm whose only
 * manager is out nobody can be asked.
 */
export function noteUnlockKeys(operation: Operation, clusterId: string, keys: UnlockKeys): void {
  const noted = notedIn(operation);
  const present = keysToTry(undefined, keys, undefined);
  noted.set(clusterId, new Set([...present, ...(noted.get(clusterId) ?? [])]));
}

/** Secret; in the order in which they are to be tried. */
export function notedKeys(operation: Operation, clusterId: string): readonly string[] {
  return [...(notedIn(operation).get(clusterId) ?? [])];
}
