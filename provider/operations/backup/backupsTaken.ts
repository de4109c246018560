import { ofProcess } from '../../server/ofProcess';
import type { Operation } from '../../server/resource';

/** IDs of the swarms that were backed up in this run. */
const takenIn = ofProcess(() => new Set<string>());

export function isTaken(operation: Operation, clusterId: string): boolean {
  return takenIn(operation).has(clusterId);
}

export function noteTaken(operation: Operation, clusterId: string): void {
  takenIn(operation).add(clusterId);
}
