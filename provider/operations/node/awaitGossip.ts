import { isSameAddress } from '../../../core/addresses';
import type { Operation } from '../../server/resource';
import type { OverlayEnd } from './tryOverlay';

const pollMilliseconds = 100;
/** After that, no further look. Gossip is no more than a hint: what is one address here may be another to the other end. */
const longestMilliseconds = 2_000;
/** Gossip has rounds of 200 ms (memberlist). */
const roundMilliseconds = 250;

/**
 * Holds the first packet over the overlay back until the engines at its ends have heard of each other. One that is sent earlier
 * costs a second: nobody knows the address that it is for, and the kernel asks again (ARP) only then. Seen on 20.10.24 and 26.1.5:
 * gossip takes 0.2 to 0.7 s, and the first packet after it passes.
 *
 * @param joined - has just joined, and is asked first: one manager is the peer of many at a time.
 */
export async function awaitGossip(
  operation: Operation,
  joined: OverlayEnd,
  peer: OverlayEnd,
): Promise<void> {
  const { clock } = operation.effects;
  const deadline = clock.monotonicMs() + longestMilliseconds;
  const haveHeard = async (): Promise<boolean> =>
    (await hasHeardOf(operation, joined, peer)) && (await hasHeardOf(operation, peer, joined));
  if (await haveHeard()) return;
  while (clock.monotonicMs() < deadline) {
    await clock.sleep(pollMilliseconds, operation.signal);
    if (await haveHeard()) break;
  }
  await clock.sleep(roundMilliseconds, operation.signal);
}

/** Who cannot be asked has not; what is wrong with it shows when the overlay is tried. */
async function hasHeardOf(
  { effects }: Operation,
  one: OverlayEnd,
  other: OverlayEnd,
): Promise<boolean> {
  try {
    const { docker } = await effects.hosts.connect(one.connection);
    const ingress = await docker.ingressNetwork();
    if (ingress?.address === undefined) return false;
    return ingress.peers.some((peer) => isSameAddress(peer, other.address));
  } catch {
    return false;
  }
}
