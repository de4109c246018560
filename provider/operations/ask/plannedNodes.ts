import type { ManagerContact } from '../../../core/connection';
import { ofProcess } from '../../server/ofProcess';
import type { Operation } from '../../server/resource';

const plannedIn = ofProcess(() => new Map<string, ManagerContact>());

/**
 * How declared nodes are reached, workers too, as this run's plans were told: one of each cluster of the
 * program. Kept by this process alone: as an input of every node it would be in the state once for each
 * pair of nodes.
 */
export function notePlannedNodes(operation: Operation, nodes: readonly ManagerContact[]): void {
  const known = plannedIn(operation);
  for (const { name, address, connection } of nodes) {
    known.set(`${name} ${address}`, { name, address, connection });
  }
}

/** Nodes of this run's plans, and `known` beside them; some may be of another swarm. */
export function plannedNodes(
  operation: Operation,
  known: readonly ManagerContact[],
): readonly ManagerContact[] {
  const planned = [...plannedIn(operation).values()];
  const more = known.filter(
    ({ name, address }) => !planned.some((node) => node.name === name && node.address === address),
  );
  return [...planned, ...more];
}
