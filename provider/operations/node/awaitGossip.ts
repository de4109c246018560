import type { Operation } from '../../server/resource';
import type { OverlayEnd } from './tryOverlay';

const pollMilliseconds = 50;
/** Longest that the first packet is held back. No more than a hint: an address may be another one to the other end. */
const longestMilliseconds = 2_000;
/** Gossip has rounds of 200 ms (memberlist). */
const roundMilliseconds = 250;

/**
 * Holds the first packet over the overlay back until the engines at its ends have heard of each other. One that is sent earlier
 * costs a second: nobody knows the address that it is for, and the kernel asks again (ARP) only then. Seen on 20.10.24 and 26.1.5:
 * gossip takes 0.2 to 0.7 s, and the first packet after it passes.
 */
export async function awaitGossip(
  operation: Operation,
  a: OverlayEnd,
  b: OverlayEnd,
): Promise<void> {
  const { clock } = operation.effects;
  const haveHeard = async (): Promise<boolean> => {
    const heard = await Promise.all([hasHeardOf(operation, a, b), hasHeardOf(operation, b, a)]);
    return heard.every(Boolean);
  };
  if (await haveHeard()) return;
  const deadline = clock.monotonicMs() + longestMilliseconds;
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
    return ingress?.address !== undefined && ingress.peers.includes(other.address);
  } catch {
    return false;
  }
}
