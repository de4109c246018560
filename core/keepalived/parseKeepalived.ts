import { parseFileMarker } from '../fileMarker';
import { parseChecks } from './checkScripts';
import { priorityLine } from './raiseKeepalived';
import { sourceLine } from './renderKeepalived';
import type { VrrpSpec } from './vrrpSpec';

/** What a file of ours was rendered from, with the declared priority, be it raised or not; undefined: it is none. */
export function parseKeepalived(text: string): VrrpSpec | undefined {
  if (parseFileMarker(text) === undefined) return undefined;
  const word = (pattern: RegExp): string => pattern.exec(text)?.[1] ?? '';
  const addresses = [...text.matchAll(/^ {8}(\S+) dev \S+$/gm)].map(([, address]) => address ?? '');
  const source = word(new RegExp(`^${sourceLine}(\\S+)$`, 'm'));
  const password = word(/^ {8}auth_pass (\S+)$/m);
  const notify = word(/^ {4}notify "(.+)"$/m);
  const peers = [
    ...(/^ {4}unicast_peer \{\n((?: {8}\S+\n)+)/m.exec(text)?.[1] ?? '').matchAll(/\S+/g),
  ];
  const checks = parseChecks(text);
  const spec: VrrpSpec = {
    name: word(/^vrrp_instance (\S+) \{$/m),
    addresses,
    interface: word(/^ {4}interface (\S+)$/m),
    sourceAddress: source === '' ? word(/^ {4}mcast_src_ip (\S+)$/m) : source,
    routerId: Number(word(/^ {4}virtual_router_id (\d+)$/m)),
    priority: Number(word(new RegExp(`^${priorityLine}(\\d+)$`, 'm'))),
    advertisementSeconds: Number(word(/^ {4}advert_int ([\d.]+)$/m)),
    ...(/^ {4}vrrp_version 2$/m.test(text) ? { version: 2 } : {}),
    ...(password === '' ? {} : { password }),
    ...(peers.length === 0 ? {} : { peers: peers.map(([peer]) => peer) }),
    ...(/^ {8}node$/m.test(text) ? {} : { trackNode: false }),
    ...(/^ {8}balancer$/m.test(text) ? { isBalanced: true } : {}),
    ...(checks.length === 0 ? {} : { checks }),
    ...(notify === '' ? {} : { notify: notify.split(' ') }),
  };
  const isWhole =
    spec.name !== '' &&
    addresses.length > 0 &&
    [spec.routerId, spec.priority, spec.advertisementSeconds].every((number) => number > 0);
  return isWhole ? spec : undefined;
}

/** The virtual addresses in a file of ours, with their prefix lengths; none in anybody else's. */
export function parseVirtualAddresses(text: string): readonly string[] {
  if (parseFileMarker(text) === undefined) return [];
  const blocks = [...text.matchAll(/^ {4}virtual_ipaddress(?:_excluded)? \{\n((?: {8}.*\n)*)/gm)];
  return blocks.flatMap(([, block = '']) =>
    [...block.matchAll(/^ {8}(\S+) dev /gm)].map(([, address]) => address ?? ''),
  );
}
