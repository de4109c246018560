import type { SwarmNodeFacts } from './facts';
import { declaredManagersLabel, declaredNames, declaredWorkersLabel, labelPrefix } from './labels';
import type { Labels } from './labels';

/** On the swarm itself: nodes that the program renamed, `new=previous`, separated by commas. */
export const renamedLabel = `${labelPrefix}renamed`;

/** Previous name by new name. */
export type Renames = Readonly<Record<string, string>>;

export function renderRenames(renames: Renames): string {
  return Object.entries(renames)
    .map(([name, previous]) => `${name}=${previous}`)
    .join(',');
}

/** The renames in the swarm's label; empty when it was never written, or is no list of renames as a whole. */
export function parseRenames(labels: Labels): Renames {
  const renames = new Map<string, string>();
  for (const pair of (labels[renamedLabel] ?? '').split(',')) {
    const [name = '', previous = '', ...more] = pair.split('=');
    if (name === '' || previous === '' || more.length > 0 || renames.has(name)) return {};
    renames.set(name, previous);
  }
  return Object.fromEntries(renames);
}

/**
 * The name that the swarm knows a declared node by: until its own turn, a renamed node is in the swarm
 * under its previous name, and it is not out.
 */
export function presentName(
  name: string,
  renames: Renames,
  nodes: readonly SwarmNodeFacts[],
): string {
  const isListed = (hostname: string | undefined): boolean =>
    nodes.some((node) => node.hostname === hostname);
  const previous = Object.hasOwn(renames, name) ? renames[name] : undefined;
  return previous !== undefined && !isListed(name) && isListed(previous) ? previous : name;
}

/** The name that the program declares for a node: what it leaves behind still has its previous one. */
export function declaredAs(name: string, renames: Renames): string {
  return Object.entries(renames).find(([, previous]) => previous === name)?.[0] ?? name;
}

/** The declared name of a node that comes back, in whatever role; undefined: the program does not declare it. */
export function returnsAs(labels: Labels, name: string): string | undefined {
  const present = declaredAs(name, parseRenames(labels));
  const isDeclared = [declaredManagersLabel, declaredWorkersLabel].some(
    (label) => declaredNames(labels, label)?.includes(present) === true,
  );
  return isDeclared ? present : undefined;
}
