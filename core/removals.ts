import { isEvictable } from './evictable';
import type { SwarmNodeFacts } from './facts';
import { describeHooks } from './hooks';
import { isManaged } from './labels';
import type { RolloutNode } from './rolloutFacts';

/**
 * What a plan says of nodes that nobody declares any more, and that the end of the run takes out. Only where a hook
 * runs before it: that they go is in Pulumi's own plan.
 *
 * @param program of the cluster's hook `before`; undefined: none. A removed node's own is no longer declared.
 */
export function describeRemovals(
  nodes: readonly SwarmNodeFacts[],
  declared: readonly Pick<RolloutNode, 'name' | 'previousName'>[],
  program: string | undefined,
): readonly string[] {
  if (program === undefined) return [];
  const names = declared.flatMap(({ name, previousName }) => [name, previousName ?? name]);
  return nodes
    .filter(
      (node) => isManaged(node) && !names.includes(node.hostname) && !isEvictable(node, names),
    )
    .map(
      ({ hostname }) =>
        `${hostname} is no longer declared, and goes at the end of the run; ${describeHooks({ before: program }) ?? ''}`,
    );
}
