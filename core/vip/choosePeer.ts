/** One manager beside the holder of a virtual IP, as far as a handover depends on it. */
export interface VipPeer {
  readonly name: string;
  /** Why it cannot take the address now, e.g. `keepalived is inactive`; undefined: it can. */
  readonly unfit: string | undefined;
  /** Its turn in this run is over, whether it was rebuilt or is left as it was: it does not go any more. */
  readonly isTurnOver: boolean;
  /** The leader goes last. */
  readonly isLeader: boolean;
  /** When it joined the swarm, ISO 8601; empty: not known. */
  readonly joined: string;
}

export interface PeerChoice {
  /** Best first; the next one is taken when a handover to the one before does not happen. */
  readonly candidates: readonly string[];
  /** One sentence per peer that cannot take the address. */
  readonly whys: readonly string[];
}

/**
 * Who takes a virtual IP over from a holder that is about to go, so that it moves as few times as
 * possible: the preferred node once its turn is over; else one whose turn is over, the last joined
 * first; else the one that goes last.
 *
 * @param peers - in the declared order.
 */
export function choosePeer(peers: readonly VipPeer[], preferred?: string): PeerChoice {
  const rank = (peer: VipPeer): number => {
    if (peer.isTurnOver) return peer.name === preferred ? 0 : 1;
    return peer.isLeader ? 2 : 3;
  };
  const later = (a: VipPeer, b: VipPeer): number =>
    a.isTurnOver && a.joined !== b.joined
      ? a.joined < b.joined
        ? 1
        : -1
      : peers.indexOf(b) - peers.indexOf(a);
  return {
    candidates: peers
      .filter(({ unfit }) => unfit === undefined)
      .sort((a, b) => (rank(a) === rank(b) ? later(a, b) : rank(a) - rank(b)))
      .map(({ name }) => name),
    whys: peers.flatMap(({ name, unfit }) => (unfit === undefined ? [] : [`${name}: ${unfit}`])),
  };
}

/** Why nobody can take it, as one clause. */
export function nobodyTakes({ whys }: PeerChoice): string {
  return `no other manager can take it: ${whys.length === 0 ? 'there is none' : whys.join('; ')}`;
}

/** What the rebuild of a holder without a successor cost clients on lab machines (scenario `vip-no-peer`: 42 s). */
const rebuildSeconds = 42;

/** What a holder that goes without a successor costs. */
export function describeGap(node: string): string {
  return `nobody answers at the virtual IP until ${node} is rebuilt: ${String(rebuildSeconds)} s on lab machines, on others about as long as theirs take to be made and to boot`;
}
