import { isIpAddress, isIpv6 } from '../addresses';

/** One address of one interface. */
export interface ParsedAddress {
  readonly interface: string;
  readonly address: string;
  readonly prefixLength: number;
}

/**
 * Parses the output of `ip -j addr show`. A part of it that cannot be read makes all of it unreadable:
 * an address that is missing here is one that nobody holds.
 *
 * @throws SyntaxError or TypeError when it is not that.
 */
export function parseIpAddresses(json: string): readonly ParsedAddress[] {
  const links: unknown = JSON.parse(json);
  if (!Array.isArray(links)) {
    throw new TypeError('`ip -j addr` gave no list');
  }
  return links.flatMap((link: unknown) => {
    if (isLeftOut(link)) return [];
    const name = property(link, 'ifname');
    const addresses = property(link, 'addr_info');
    if (typeof name !== 'string' || name === '' || !Array.isArray(addresses)) {
      throw new TypeError('`ip -j addr` gave a link without its name or its addresses');
    }
    return addresses.flatMap((entry: unknown) =>
      isLeftOut(entry) ? [] : [parseAddress(name, entry)],
    );
  });
}

function parseAddress(name: string, entry: unknown): ParsedAddress {
  const address = property(entry, 'local');
  const prefixLength = property(entry, 'prefixlen');
  if (
    typeof address !== 'string' ||
    !isIpAddress(address) ||
    typeof prefixLength !== 'number' ||
    !Number.isInteger(prefixLength) ||
    prefixLength < 0 ||
    prefixLength > (isIpv6(address) ? 128 : 32)
  ) {
    throw new TypeError(`\`ip -j addr\` gave an address of ${name.slice(0, 20)} that is none`);
  }
  return { interface: name, address, prefixLength };
}

/** With a filter, `ip -j` prints `{}` for what it leaves out. */
function isLeftOut(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).length === 0
  );
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}
