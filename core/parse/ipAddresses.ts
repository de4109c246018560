/** One address of one interface. */
export interface ParsedAddress {
  readonly interface: string;
  readonly address: string;
  readonly prefixLength: number;
}

/**
 * Parses the output of `ip -j addr show`.
 *
 * @throws SyntaxError or TypeError when it is not that.
 */
export function parseIpAddresses(json: string): readonly ParsedAddress[] {
  const links: unknown = JSON.parse(json);
  if (!Array.isArray(links)) {
    throw new TypeError('`ip -j addr` gave no list');
  }
  return links.flatMap((link: unknown) => {
    const name = property(link, 'ifname');
    const addresses = property(link, 'addr_info');
    // With a filter, `ip -j` prints `{}` for links that it leaves out.
    if (typeof name !== 'string' || !Array.isArray(addresses)) {
      return [];
    }
    return addresses.flatMap((entry: unknown) => {
      const address = property(entry, 'local');
      const prefixLength = property(entry, 'prefixlen');
      return typeof address === 'string' && typeof prefixLength === 'number'
        ? [{ interface: name, address, prefixLength }]
        : [];
    });
  });
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}
