import * as ipaddr from 'ipaddr.js';

/** Whether a text is an IPv4 or IPv6 address, written out (no `10.1`, no zone). */
export function isIpAddress(text: string): boolean {
  return (
    ipaddr.IPv4.isValidFourPartDecimal(text) ||
    // It takes a zone for a part of the address; a zone means something on one host only.
    (ipaddr.IPv6.isValid(text) && !text.includes('%'))
  );
}

/** Whether a text is an address with its prefix length, e.g. `10.88.0.100/24`. */
export function isCidr(text: string): boolean {
  const [address = '', prefix = '', ...rest] = text.split('/');
  return (
    rest.length === 0 &&
    /^(0|[1-9]\d{0,2})$/.test(prefix) &&
    isIpAddress(address) &&
    ipaddr.isValidCIDR(text)
  );
}

/** The address part of `10.88.0.100/24`. */
export function addressOf(cidr: string): string {
  return cidr.split('/')[0] ?? cidr;
}

/** Of an address, with or without its prefix length; no other part of either has a colon. */
export function isIpv6(address: string): boolean {
  return address.includes(':');
}

/** An address as it stands before a port. */
export function bracketed(address: string): string {
  return isIpv6(address) ? `[${address}]` : address;
}

/**
 * Whether an address lies in a subnet, e.g. `10.88.0.11` in `10.88.0.0/24`.
 *
 * @throws Error when one of them is none: check with `isIpAddress` and `isCidr` before.
 */
export function isWithin(address: string, subnet: string): boolean {
  const parsed = ipaddr.process(address);
  const [network, bits] = ipaddr.parseCIDR(subnet);
  return parsed.kind() === network.kind() && parsed.match(network, bits);
}

/** All addresses of an IPv4 subnet, the network's and broadcast's too; `ipv6` for one of those, undefined for no subnet. */
export function hostAddresses(subnet: string): number | 'ipv6' | undefined {
  if (!isCidr(subnet)) return undefined;
  const [network, bits] = ipaddr.parseCIDR(subnet);
  return network.kind() === 'ipv6' ? 'ipv6' : 2 ** (32 - bits);
}

/** Equal as addresses, however they are written; `::ffff:10.0.0.1` is 10.0.0.1. */
export function isSameAddress(a: string, b: string): boolean {
  const isIpv4 = (text: string): boolean => ipaddr.IPv4.isValidFourPartDecimal(text);
  // Written in one way only; parsing each pair of a large cluster would take seconds.
  if (isIpv4(a) && isIpv4(b)) return a === b;
  return (
    isIpAddress(a) &&
    isIpAddress(b) &&
    ipaddr.process(a).toString() === ipaddr.process(b).toString()
  );
}

/** What a lab's network can be: IPv4 with a prefix of 16 to 29. */
export function isLabSubnet(text: string): boolean {
  if (!isCidr(text) || !ipaddr.IPv4.isValidCIDR(text)) return false;
  const [, bits] = ipaddr.IPv4.parseCIDR(text);
  return bits >= 16 && bits <= 29;
}

/** Addresses of a lab's subnet that no machine can have: the network's, the bridge's (the first one), the broadcast. */
export function reservedAddresses(subnet: string): readonly string[] {
  const network = ipaddr.IPv4.networkAddressFromCIDR(subnet);
  const [a = 0, b = 0, c = 0, d = 0] = network.octets;
  const bridge = new ipaddr.IPv4([a, b, c, d + 1]);
  const broadcast = ipaddr.IPv4.broadcastAddressFromCIDR(subnet);
  return [network, bridge, broadcast].map((address) => address.toString());
}

/** RFC 1123: letters, digits and hyphens, at most 63 characters, no hyphen at either end. */
export function isHostname(text: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(text);
}
