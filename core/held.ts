import type { Availability, SwarmNodeFacts } from './facts';
import { labelPrefix } from './labels';
import type { Labels } from './labels';

/**
 * On a node: it is drained by an upgrade in place, and is given this availability back afterwards. Written in
 * the same change as the drain, so that no moment has the one without the other.
 */
export const heldLabel = `${labelPrefix}held`;

/** On a node: it is paused while one of its tasks is moved elsewhere, and is given this availability back afterwards. */
export const rebalancingLabel = `${labelPrefix}rebalancing`;

const availabilities: readonly string[] = ['active', 'pause', 'drain'] satisfies Availability[];

/** What a held node is given back; undefined: it is not held. */
export function heldAvailability(node: Pick<SwarmNodeFacts, 'labels'>): Availability | undefined {
  return availabilityIn(node.labels, heldLabel);
}

/** What a node that a rebalance has paused is given back; undefined: none has. */
export function availabilityBefore(node: Pick<SwarmNodeFacts, 'labels'>): Availability | undefined {
  return availabilityIn(node.labels, rebalancingLabel);
}

/** Whether a node is held and nothing of the swarm runs on it: one that is being let go may serve by now. */
export function isOutHeld(node: Pick<SwarmNodeFacts, 'labels' | 'availability'>): boolean {
  return node.availability === 'drain' && heldAvailability(node) !== undefined;
}

function availabilityIn(labels: Labels, label: string): Availability | undefined {
  const value = labels[label];
  if (value === undefined) return undefined;
  return availabilities.includes(value) ? (value as Availability) : 'active';
}

/** The availability that somebody declared for a node, whatever an upgrade or a rebalance has made of it meanwhile. */
export function declaredAvailability(node: SwarmNodeFacts): Availability {
  return heldAvailability(node) ?? pausedFrom(node) ?? node.availability;
}

/** One that somebody has made active or drained meanwhile is as that somebody wants it. */
function pausedFrom(node: SwarmNodeFacts): Availability | undefined {
  return node.availability === 'pause' ? availabilityBefore(node) : undefined;
}

/** A node paused for a moment: what it was is written in the same change. */
export function pausedForMove(
  node: Pick<SwarmNodeFacts, 'labels' | 'availability'>,
): Pick<SwarmNodeFacts, 'labels' | 'availability'> {
  const labels = { ...node.labels, [rebalancingLabel]: node.availability };
  return { availability: 'pause', labels };
}

/** A node as it was before it was paused; undefined: there is no mark on it. */
export function givenBack(
  node: SwarmNodeFacts,
): Pick<SwarmNodeFacts, 'labels' | 'availability'> | undefined {
  if (node.labels[rebalancingLabel] === undefined) return undefined;
  const availability = pausedFrom(node) ?? node.availability;
  return { availability, labels: withoutPauseMark(node.labels) };
}

export function withoutPauseMark(labels: Labels): Labels {
  return without(labels, rebalancingLabel);
}

export function withHold(labels: Labels, availability: Availability): Labels {
  return { ...labels, [heldLabel]: availability };
}

export function withoutHold(labels: Labels): Labels {
  return without(labels, heldLabel);
}

function without(labels: Labels, label: string): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => name !== label));
}

export function heldNodes(nodes: readonly SwarmNodeFacts[]): readonly SwarmNodeFacts[] {
  return nodes.filter((node) => heldAvailability(node) !== undefined);
}
