import type { SwarmNodeFacts } from './facts';

/**
 * Port that the overlay is tried at. Nothing listens at it inside the ingress sandbox, and no service
 * can publish it, since the Engine's own gossip has it on every host: the kernel refuses, which is an answer.
 */
export const overlayProbePort = 7946;

/** What is known before the overlay of one node is tried. */
export interface OverlayFacts {
  readonly nodeId: string;
  readonly nodes: readonly SwarmNodeFacts[];
  /** The last run stopped before this node had answered over the overlay. */
  readonly isUnfinished: boolean;
  readonly hasIngress: boolean;
  /** Node ID of another declared manager that answers; undefined: none does. */
  readonly peerId: string | undefined;
  /** Names of the other declared managers: all that there are connections to. */
  readonly otherManagers: readonly string[];
}

export type OverlayPlan =
  | { readonly kind: 'try' }
  /** The node serves already: it was tried when it joined, or it is taken over as it is. */
  | { readonly kind: 'inService' }
  /** Not yet possible. */
  | { readonly kind: 'wait'; readonly why: string }
  /** Not possible: `alone` is no fault, anything else is for the user to know. */
  | { readonly kind: 'untried'; readonly why: string; readonly isAlone: boolean };

/** Whether, and with whom, a node that has joined is to be tried over the overlay. */
export function planOverlay(facts: OverlayFacts): OverlayPlan {
  const own = facts.nodes.find(({ id }) => id === facts.nodeId);
  if (own === undefined) return { kind: 'wait', why: 'the node is not listed' };
  if (own.availability !== 'drain' && !facts.isUnfinished) return { kind: 'inService' };
  const others = facts.nodes.filter(({ id, state }) => id !== own.id && state !== 'down');
  if (others.length === 0) {
    return { kind: 'untried', why: 'no other node is up', isAlone: true };
  }
  if (!facts.hasIngress) {
    return { kind: 'untried', why: 'the swarm has no ingress network', isAlone: false };
  }
  if (facts.otherManagers.length === 0) {
    const why = 'only managers can be asked, and no other one is declared';
    return { kind: 'untried', why, isAlone: false };
  }
  if (facts.peerId === undefined) {
    return { kind: 'wait', why: `none of ${facts.otherManagers.join(', ')} can be asked` };
  }
  const peer = others.find(({ id }) => id === facts.peerId);
  if (peer?.state === 'ready') return { kind: 'try' };
  return { kind: 'wait', why: `the peer is ${peer?.state ?? 'down'}` };
}

/** One end of a try. */
export interface OverlayEnd {
  readonly name: string;
  /** Its address on the ingress network. */
  readonly address: string;
  /** What it got back from the other end. */
  readonly answer: 'open' | 'refused' | 'silent';
}

/** Why the overlay between two nodes does not work, with each silent way; undefined: it works. */
export function describeSilence(a: OverlayEnd, b: OverlayEnd): string | undefined {
  const silent = [
    { from: a, to: b },
    { from: b, to: a },
  ].filter(({ from }) => from.answer === 'silent');
  if (silent.length === 0) return undefined;
  return silent
    .map(({ from, to }) => `${from.name} gets no answer from ${to.name} at ${to.address}`)
    .join(', ');
}
