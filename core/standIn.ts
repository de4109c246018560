import type { SwarmNodeFacts } from './facts';
import { labelPrefix } from './labels';

/** On a worker that is a manager for a while: the name of the manager that is out. */
export const standInLabel = `${labelPrefix}stand-in-for`;

export type StandInChoice = { readonly node: SwarmNodeFacts } | { readonly why: string };

/**
 * The worker that becomes a manager while one is out, so that the swarm keeps its tolerance: the one that
 * is named, or the first declared one that is healthy. One that stands in already is taken again.
 *
 * Source: Docker's admin guide, "you may want to promote a worker node when you take a manager node
 * offline for maintenance".
 *
 * @param workers - names of the declared workers, in order.
 */
export function chooseStandIn(
  wish: true | string,
  workers: readonly string[],
  nodes: readonly SwarmNodeFacts[],
): StandInChoice {
  if (wish !== true && !workers.includes(wish)) {
    return { why: `${wish} is to stand in, and it is no declared worker` };
  }
  const names = wish === true ? workers : [wish];
  const verdicts = names.map((name) => ({ name, choice: candidate(name, nodes) }));
  const present = verdicts.find(({ choice }) => 'node' in choice && isStandIn(choice.node));
  const first = present ?? verdicts.find(({ choice }) => 'node' in choice);
  if (first !== undefined) return first.choice;
  const whys = verdicts.map(({ choice }) => ('why' in choice ? choice.why : ''));
  return {
    why: `no healthy worker can stand in${whys.length === 0 ? '; none is declared' : `: ${whys.join('; ')}`}`,
  };
}

/** Whether a node stands in for a manager, or was about to. */
export function isStandIn(node: SwarmNodeFacts): boolean {
  return node.labels[standInLabel] !== undefined;
}

/** Nodes that stand in for this manager. */
export function standInsFor(
  manager: string,
  nodes: readonly SwarmNodeFacts[],
): readonly SwarmNodeFacts[] {
  return nodes.filter(({ labels }) => labels[standInLabel] === manager);
}

function candidate(name: string, nodes: readonly SwarmNodeFacts[]): StandInChoice {
  const entries = nodes.filter(({ hostname }) => hostname === name);
  const [node] = entries;
  if (node === undefined) return { why: `${name} is not in the swarm` };
  if (entries.length > 1) return { why: `${name} is in the swarm more than once` };
  // After a change of leader every node is `unknown` for some seconds: a step waits for that, a plan need not.
  if (node.state !== 'ready' && node.state !== 'unknown')
    return { why: `${name} is ${node.state}` };
  if (isStandIn(node)) return { node };
  return node.role === 'manager' || node.managerStatus !== undefined
    ? { why: `${name} is a manager already` }
    : { node };
}
