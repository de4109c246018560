import type { Operation } from '../../server/resource';

/**
 * Whether this run's program takes a running swarm over. Plans refuse to replace anything in such a run, so
 * what a Create finds is what it keeps.
 */
export function isAdopting(operation: Operation): boolean {
  return operation.isRegistered(
    'swarm:index:Swarm',
    ({ adopt }) => typeof adopt === 'string' && adopt !== '',
  );
}
