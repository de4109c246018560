import type { ManagerContact } from '../../../core/connection';
import { SwarmError, errorMessage } from '../../../core/errors';
import { describeSilence, overlayProbePort } from '../../../core/overlay';
import { largeLossCause } from '../../../core/overlayCause';
import type { HostNetwork } from '../../../effects/network';
import type { Operation } from '../../server/resource';

/** Long enough for the kernel's second attempt at a connection, one second after its first. */
const patientSeconds = 2;
/** The first packets are lost until gossip has told where the other end is, which takes it tenths of a second. */
export const briefSeconds = 0.3;

/** How a node is reached, what it is called, and what it advertises. */
export type OverlayEnd = Pick<ManagerContact, 'name' | 'address' | 'connection'>;

/** What does not pass, as a sentence. */
export interface Loss {
  readonly loss: string;
  /** Small packets pass. */
  readonly isLargeOnly: boolean;
}

export type OverlayAnswer = Loss | { readonly passes: true } | { readonly notYet: string };

/**
 * Tries the overlay between two nodes, both ways, small packets first; or says why it could not be tried at this moment.
 *
 * @param seconds - how long each packet is waited for.
 */
export async function tryOverlay(
  operation: Operation,
  a: OverlayEnd,
  b: OverlayEnd,
  seconds: number = patientSeconds,
): Promise<OverlayAnswer> {
  const [own, other] = await Promise.all([lookAt(operation, a), lookAt(operation, b)]);
  if ('notYet' in own) return own;
  if ('notYet' in other) return other;
  try {
    const [outward, inward] = await Promise.all([
      own.network.probeFromIngress(other.address, overlayProbePort, seconds),
      other.network.probeFromIngress(own.address, overlayProbePort, seconds),
    ]);
    const loss = describeSilence({ ...own, answer: outward }, { ...other, answer: inward });
    if (loss !== undefined) return { loss, isLargeOnly: false };
    const [large, largeBack] = await Promise.all([
      own.network.probeLargeFromIngress(other.address, overlayProbePort, seconds),
      other.network.probeLargeFromIngress(own.address, overlayProbePort, seconds),
    ]);
    const losses = [
      ...(large.answer === 'silent' ? [largeLossCause(own.name, other.name, large.mtu)] : []),
      ...(largeBack.answer === 'silent'
        ? [largeLossCause(other.name, own.name, largeBack.mtu)]
        : []),
    ];
    return losses[0] === undefined ? { passes: true } : { loss: losses[0], isLargeOnly: true };
  } catch (error) {
    // An engine that has just started makes its sandbox a moment after it has the address.
    if (error instanceof SwarmError && error.code === 'ProbeFailed') {
      return { notYet: errorMessage(error) };
    }
    throw error;
  }
}

/** A node's own address on the ingress network, and its network. */
export async function lookAt(
  { effects }: Operation,
  { name, connection }: OverlayEnd,
): Promise<
  | { readonly name: string; readonly address: string; readonly network: HostNetwork }
  | { readonly notYet: string }
> {
  const { docker, network } = await effects.hosts.connect(connection);
  const address = (await docker.ingressNetwork())?.address;
  return address === undefined
    ? { notYet: `${name} has no address on the ingress network yet` }
    : { name, address, network };
}
