import { randomBytes } from 'node:crypto';
import { isAdopting } from '../operations/swarm/isAdopting';
import { unknown } from '../server/resource';
import type { DiffResult, Impact, Operation, PropertyMap } from '../server/resource';

/**
 * Turns "replace" of the named inputs into "update" while their new value is unknown. Only the
 * identity of the link before of the same node may answer "replace" while unknown: any other one
 * would make the engine delete every node before it creates the first (docs/decisions/0001).
 */
export function replaceOnlyWhenKnown(
  diff: DiffResult,
  wanted: PropertyMap,
  names: readonly string[],
): DiffResult {
  const changes = Object.fromEntries(
    Object.entries(diff.changes).map(([path, impact]): [string, Impact] => [
      path,
      names.includes(path) && wanted[path] === unknown ? 'update' : impact,
    ]),
  );
  return { ...diff, changes };
}

/** How a Create's sentence begins in a run that takes a swarm over: what is there stays. */
export function whereThereIsNone(operation: Operation): string {
  return isAdopting(operation) ? 'take over what is there; where there is nothing: ' : '';
}

/** A new resource's ID, e.g. `engine-m1-1f0c9a2b`. */
export function newId(kind: string, name: string): string {
  return `${kind}-${name}-${randomBytes(4).toString('hex')}`;
}
