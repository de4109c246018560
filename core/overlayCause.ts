import { isSameAddress } from './addresses';

/** Port of the Engine's gossip, TCP and UDP. */
export const gossipPort = 7946;

/** Where a node takes overlay packets, by its engine's own file. */
export interface DataPath {
  readonly address: string;
  readonly port: number;
}

/** What one end of a silent overlay was seen to have and to hear. */
export interface SilentEnd {
  readonly name: string;
  /** Its declared address. */
  readonly address: string;
  /** Undefined: not known. */
  readonly dataPath: DataPath | undefined;
  /** Addresses of its interfaces; empty: not known. */
  readonly addresses: readonly string[];
  /** What a TCP connection to the other's gossip port met. */
  readonly gossip: 'open' | 'refused' | 'silent' | undefined;
  /** Whether gossip has told it where the other's sandbox is. */
  readonly knowsOther: boolean | undefined;
}

/** How a third node and this one get on over the overlay. */
export interface ThirdNode {
  readonly name: string;
  readonly passes: boolean;
}

/**
 * Why nothing passes between two nodes, as sentences with what is to be opened or mended; the likeliest where
 * nothing more can be told.
 */
export function silenceCauses(a: SilentEnd, b: SilentEnd, thirds: readonly ThirdNode[]): string {
  const found = [
    ...[a, b].flatMap(foreignDataPath),
    ...[
      { from: a, to: b },
      { from: b, to: a },
    ].flatMap(({ from, to }) => closedGossip(from, to)),
  ];
  if (found.length === 0) found.push(blockedWay(a, b));
  return [...found, ...describeThirds(a, b, thirds)].join('; ');
}

function foreignDataPath({ name, dataPath, addresses }: SilentEnd): readonly string[] {
  if (dataPath === undefined || addresses.length === 0) return [];
  if (addresses.some((own) => isSameAddress(own, dataPath.address))) return [];
  return [
    `the data-path address of ${name} is ${dataPath.address}, which is none of its own (${addresses.join(', ')}): it must join again with one that it has`,
  ];
}

function closedGossip(from: SilentEnd, to: SilentEnd): readonly string[] {
  return from.gossip === undefined || from.gossip === 'open'
    ? []
    : [
        `${String(gossipPort)}/tcp from ${from.name} (${from.address}) to ${to.name} (${to.address}) is ${from.gossip}: open it`,
      ];
}

function blockedWay(a: SilentEnd, b: SilentEnd): string {
  const deaf = [a, b].filter(({ knowsOther }) => knowsOther === false);
  if (deaf.length > 0) {
    const names = deaf.map(({ name }) => name).join(' and ');
    return `gossip has not told ${names} where the other is: open ${String(gossipPort)}/udp between ${a.address} and ${b.address}, both ways`;
  }
  const [to, from] = [a, b].map(({ dataPath, address }) => dataPath?.address ?? address);
  const ports = [...new Set([a, b].map(({ dataPath }) => dataPath?.port ?? 4789))].map(String);
  const isKnown = [a, b].every(({ knowsOther }) => knowsOther === true);
  return isKnown
    ? `gossip passes, and packets do not: open ${ports.join(' and ')}/udp, the data path, between ${to ?? ''} and ${from ?? ''}, both ways`
    : `${ports.join(' and ')}/udp, or ${String(gossipPort)}/tcp and ${String(gossipPort)}/udp, is usually blocked between ${to ?? ''} and ${from ?? ''}: open them both ways`;
}

/** Where to look first. */
function describeThirds(
  a: SilentEnd,
  b: SilentEnd,
  thirds: readonly ThirdNode[],
): readonly string[] {
  const passing = thirds.filter(({ passes }) => passes).map(({ name }) => name);
  const silent = thirds.filter(({ passes }) => !passes).map(({ name }) => name);
  if (passing.length > 0) {
    return [`between ${a.name} and ${passing.join(', ')} packets pass: look at ${b.name} first`];
  }
  if (silent.length > 0) {
    return [
      `nor do packets pass between ${a.name} and ${silent.join(', ')}: look at ${a.name} first`,
    ];
  }
  return [];
}

/** Bytes that the overlay adds to each packet. */
const overlayHeader = 50;

/** Why only large packets are lost. `mtu`: that of the overlay, in bytes. */
export function largeLossCause(from: string, to: string, mtu: number): string {
  return (
    `packets of ${String(mtu)} bytes do not pass from ${from} to ${to}, and small ones do: the network between them carries less than ${String(mtu + overlayHeader)} bytes; ` +
    `raise its MTU, or make the overlay networks anew with a smaller one (\`com.docker.network.driver.mtu\`)`
  );
}
