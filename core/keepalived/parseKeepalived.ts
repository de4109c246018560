import { parseKeepalivedMarker } from './keepalivedMarker';
import { priorityLine } from './raiseKeepalived';
import type { VrrpSpec } from './vrrpSpec';

/** What a file of ours was rendered from, with the declared priority, be it raised or not; undefined: it is none. */
export function parseKeepalived(text: string): VrrpSpec | undefined {
  if (parseKeepalivedMarker(text) === undefined) return undefined;
  const word = (pattern: RegExp): string => pattern.exec(text)?.[1] ?? '';
  const addresses = [...text.matchAll(/^ {8}(\S+) dev \S+$/gm)].map(([, address]) => address ?? '');
  const spec = {
    name: word(/^vrrp_instance (\S+) \{$/m),
    addresses,
    interface: word(/^ {4}interface (\S+)$/m),
    sourceAddress: word(/^ {4}mcast_src_ip (\S+)$/m),
    routerId: Number(word(/^ {4}virtual_router_id (\d+)$/m)),
    priority: Number(word(new RegExp(`^${priorityLine}(\\d+)$`, 'm'))),
    advertisementSeconds: Number(word(/^ {4}advert_int ([\d.]+)$/m)),
  };
  const isWhole =
    spec.name !== '' &&
    addresses.length > 0 &&
    [spec.routerId, spec.priority, spec.advertisementSeconds].every((number) => number > 0);
  return isWhole ? spec : undefined;
}

/** The virtual addresses in a file of ours, with their prefix lengths; none in anybody else's. */
export function parseVirtualAddresses(text: string): readonly string[] {
  if (parseKeepalivedMarker(text) === undefined) return [];
  const blocks = [...text.matchAll(/^ {4}virtual_ipaddress(?:_excluded)? \{\n((?: {8}.*\n)*)/gm)];
  return blocks.flatMap(([, block = '']) =>
    [...block.matchAll(/^ {8}(\S+) dev /gm)].map(([, address]) => address ?? ''),
  );
}
