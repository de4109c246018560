import { isCidr, isHostname, isIpAddress } from './addresses';
import type { InputFailure } from './errors';
import { isUnicastFamilyMissing, vrrpArgumentFaults } from './vrrpArgumentFaults';
import type { VrrpArguments } from './vrrpArgumentFaults';
import { textFault } from './textFault';

/** What of a virtual IP becomes text of keepalived.conf; what is undefined is not known yet. */
export interface VrrpValues extends VrrpArguments {
  /** Name of the node. */
  readonly name?: string | undefined;
  /** Name of the virtual IP. */
  readonly vip?: string | undefined;
  /** The node's own address. */
  readonly address?: string | undefined;
  readonly interface?: string | undefined;
  readonly routerId?: number | undefined;
  readonly priority?: number | undefined;
  /** Addresses of the others, with unicast. */
  readonly peers?: readonly (string | undefined)[] | undefined;
}

/**
 * keepalived.conf has no quotes: a space, a brace or a line end in a value would begin a statement of
 * its own, and its scripts run as root. Such values are refused, whatever else could be made of them.
 */
export function vrrpFaults(values: VrrpValues): readonly InputFailure[] {
  const { name, vip, address, addresses, routerId, priority, peers } = values;
  return [
    ...textFault('name', name, isHostname, 'is no host name'),
    ...textFault(
      'vip',
      vip,
      isVipName,
      'is no name for keepalived; use letters, digits, dots, hyphens and underscores, at most 63',
    ),
    ...textFault('address', address, isIpAddress, 'is no IP address'),
    ...textFault(
      'interface',
      values.interface,
      (text) => interfacePattern.test(text),
      'is no name of an interface',
    ),
    ...(addresses ?? []).flatMap((one, index) =>
      textFault(
        `addresses[${String(index)}]`,
        one,
        isCidr,
        'is no address with a prefix length, such as 10.88.0.100/24',
      ),
    ),
    ...range('routerId', routerId, 1, 255),
    ...range('priority', priority, 1, 200),
    ...(peers ?? []).flatMap((one, index) =>
      textFault(`peers[${String(index)}]`, one, isIpAddress, 'is no IP address'),
    ),
    ...((peers ?? []).length > 0 && isUnicastFamilyMissing(addresses, address)
      ? [
          {
            property: 'addresses',
            reason:
              "has none of the family of the node's own address, which unicast needs; add one",
          },
        ]
      : []),
    ...vrrpArgumentFaults(values),
  ];
}

/** An interface as Linux takes it (at most 15 characters), without what keepalived gives a meaning of its own. */
export const interfacePattern = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,14}$/;

/** Names keepalived's instance, and is one of several in a label that commas separate. */
export function isVipName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text);
}

function range(
  property: string,
  value: number | undefined,
  least: number,
  most: number,
): InputFailure[] {
  return value === undefined || (Number.isInteger(value) && value >= least && value <= most)
    ? []
    : [{ property, reason: `${String(value)} is not within ${String(least)}–${String(most)}` }];
}
