import { isSeen } from '../../core/facts';
import type { Sight, SwarmNodeFacts } from '../../core/facts';
import type { HostStanding } from '../operations/ask/hostStanding';

/** What one declared node's own host is. */
export interface NodeStanding {
  readonly node: { readonly name: string };
  readonly standing: HostStanding;
}

/** Declared nodes whose host answers with a key that is not known as its own: nothing is done beside a stranger. */
export function strangerReasons(standings: readonly NodeStanding[]): readonly string[] {
  return standings.flatMap(({ node, standing }) =>
    standing.kind === 'unknown' && standing.isStranger === true
      ? [`${node.name}: ${standing.why}`]
      : [],
  );
}

/**
 * What a living swarm does without, and nobody should have to find out by themselves: silent nodes, and
 * hosts that came back with an empty disk.
 */
export function brokenWarnings(
  standings: readonly NodeStanding[],
  nodes: Sight<readonly SwarmNodeFacts[]>,
): readonly string[] {
  return standings.flatMap(({ node: { name }, standing }) => {
    if (standing.kind === 'unknown') {
      return standing.isStranger === true ? [] : [`${name} gives no answer: ${standing.why}`];
    }
    const entry = isSeen(nodes)
      ? nodes.seen.find(({ hostname, state }) => hostname === name && state === 'down')
      : undefined;
    return standing.kind === 'none' && entry !== undefined
      ? [
          `${name}: the swarm lists it as down (node ${entry.id}), and its host is in no swarm: it was rebuilt, or made to leave; ` +
            'put it back by replacing its machine: `pulumi up --replace URN`, with the URN of its Host or LabMachine from `pulumi stack --show-urns`',
        ]
      : [];
  });
}

/** Workers are asked by a manager; only those that are not there are asked at their own hosts. */
export function brokenNodes<T extends { readonly name: string }>(
  workers: readonly T[],
  nodes: Sight<readonly SwarmNodeFacts[]>,
): readonly T[] {
  if (!isSeen(nodes)) return [];
  return workers.filter(({ name }) => {
    const entries = nodes.seen.filter(({ hostname }) => hostname === name);
    return entries.some(({ state }) => state === 'down' || state === 'disconnected');
  });
}
