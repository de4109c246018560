import type { Availability, SwarmNodeFacts } from './facts';
import { labelPrefix } from './labels';
import type { Labels } from './labels';

/**
 * On a node: it is drained by an upgrade in place, and is given this availability back afterwards. Written in
 * the same change as the drain, so that no moment has the one without the other.
 */
export const heldLabel = `${labelPrefix}held`;

const availabilities: readonly string[] = ['active', 'pause', 'drain'] satisfies Availability[];

/** What a held node is given back; undefined: it is not held. */
export function heldAvailability({
  labels,
}: Pick<SwarmNodeFacts, 'labels'>): Availability | undefined {
  const value = labels[heldLabel];
  if (value === undefined) return undefined;
  return availabilities.includes(value) ? (value as Availability) : 'active';
}

/** The availability that somebody declared for a node, whatever an upgrade has made of it meanwhile. */
export function declaredAvailability(node: SwarmNodeFacts): Availability {
  return heldAvailability(node) ?? node.availability;
}

export function withHold(labels: Labels, availability: Availability): Labels {
  return { ...labels, [heldLabel]: availability };
}

export function withoutHold(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => name !== heldLabel));
}

export function heldNodes(nodes: readonly SwarmNodeFacts[]): readonly SwarmNodeFacts[] {
  return nodes.filter((node) => heldAvailability(node) !== undefined);
}
