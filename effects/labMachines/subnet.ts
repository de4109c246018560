import * as ipaddr from 'ipaddr.js';
import { SwarmError } from '../../core/errors';

/** An IPv4 subnet as a lab uses it. */
export interface Subnet {
  /** Normal form, e.g. `10.88.0.0/24`. */
  readonly cidr: string;
  readonly prefixLength: number;
  /** First address: the bridge's, on this computer. */
  readonly gateway: string;
}

/**
 * @throws SwarmError `LabAddressInvalid` when it is no IPv4 network of /16 to /29.
 */
export function parseSubnet(cidr: string): Subnet {
  if (!ipaddr.IPv4.isValidCIDR(cidr)) {
    throw invalid(`subnet ${cidr}: is not an IPv4 network such as 10.88.0.0/24`);
  }
  const prefixLength = ipaddr.IPv4.parseCIDR(cidr)[1];
  if (prefixLength < 16 || prefixLength > 29) {
    throw invalid(`subnet ${cidr}: has a prefix of ${String(prefixLength)}, not one of 16 to 29`);
  }
  const network = ipaddr.IPv4.networkAddressFromCIDR(cidr);
  const octets = network.toByteArray();
  const gateway = [...octets.slice(0, 3), (octets[3] ?? 0) + 1].join('.');
  return { cidr: `${network.toString()}/${String(prefixLength)}`, prefixLength, gateway };
}

/**
 * Refuses what is not an address for a machine of this subnet.
 *
 * @throws SwarmError `LabAddressInvalid`.
 */
export function requireHostAddress(subnet: Subnet, address: string): void {
  if (!ipaddr.IPv4.isValidFourPartDecimal(address)) {
    throw invalid(`address ${address}: is not an IPv4 address`);
  }
  if (!ipaddr.IPv4.parse(address).match(ipaddr.IPv4.parseCIDR(subnet.cidr))) {
    throw invalid(`address ${address}: is outside the lab's subnet ${subnet.cidr}`);
  }
  const reserved = [
    ipaddr.IPv4.networkAddressFromCIDR(subnet.cidr).toString(),
    subnet.gateway,
    ipaddr.IPv4.broadcastAddressFromCIDR(subnet.cidr).toString(),
  ];
  if (reserved.includes(address)) {
    throw invalid(`address ${address}: is the network's, the bridge's or the broadcast address`);
  }
}

/** Whether two networks share an address. */
export function isOverlapping(one: string, other: string): boolean {
  const [a, b] = [ipaddr.IPv4.parseCIDR(one), ipaddr.IPv4.parseCIDR(other)];
  return a[1] <= b[1] ? b[0].match(a) : a[0].match(b);
}

function invalid(fact: string): SwarmError {
  const message = `${fact}; no machine can be made with it; choose another`;
  return new SwarmError('LabAddressInvalid', message, { source: 'user' });
}
