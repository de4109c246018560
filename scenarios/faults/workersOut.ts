import type { SwarmNodeFacts } from '../../core/facts';

/** Workers that the swarm does not have as ready and active; an earlier life of a name is none. */
export function outOf(
  workers: readonly string[],
  nodes: readonly SwarmNodeFacts[],
): readonly string[] {
  return workers.filter(
    (name) =>
      !nodes.some(
        ({ hostname, state, availability }) =>
          hostname === name && state === 'ready' && availability === 'active',
      ),
  );
}
