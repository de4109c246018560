import { ofProcess } from '../../server/ofProcess';
import type { Operation } from '../../server/resource';

const endedIn = ofProcess(() => new Set<string>());

/** Notes, for the life of the process, that the last member of a swarm has left it, with the consent that it carried. */
export function noteEnded(operation: Operation, clusterId: string): void {
  endedIn(operation).add(clusterId);
}

/**
 * Whether this very run has ended the swarm. A manager that was silent by then was taken out of it before, and
 * need not answer for its own deletes to know so.
 */
export function hasEnded(operation: Operation, clusterId: string): boolean {
  return endedIn(operation).has(clusterId);
}
