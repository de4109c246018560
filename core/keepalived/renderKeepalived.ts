import { isIpv6 } from '../addresses';
import { balancerCheckBlock } from './balancerCheck';
import { checkBlocks, checkName } from './checkScripts';
import { engineCheckBlocks } from './engineChecks';
import { renderFileMarker } from '../fileMarker';
import type { Marker } from '../marker';
import { nodeCheckBlock } from './nodeCheck';
import { priorityLine, raisedLine, raisedPriority } from './raiseKeepalived';
import { requireWords } from './requireWords';
import type { VrrpSpec } from './vrrpSpec';

/**
 * keepalived.conf of a node. `raisedFor` names the node whose address it takes over: the highest
 * priority, without `nopreempt`, since a peer that may not preempt never takes over from a living holder.
 *
 * Without `raisedFor`, `nopreempt` keeps the address where it is when a rebuilt node comes back: each
 * move is a risk, and a roll moves it as few times as possible. `state BACKUP` is what nopreempt needs.
 *
 * @throws SwarmError `VrrpValueInvalid` for a value that would not be one word of the file.
 */
export function renderKeepalived(spec: VrrpSpec, marker: Marker, raisedFor?: string): string {
  const isRaised = raisedFor !== undefined;
  requireWords(spec, raisedFor);
  const [advertised = '', ...excluded] = advertisedFirst(spec);
  return [
    ...renderFileMarker(marker),
    `${sourceLine}${spec.sourceAddress}`,
    `${priorityLine}${String(spec.priority)}`,
    ...(isRaised ? [`${raisedLine}${raisedFor}`] : []),
    'global_defs {',
    `    vrrp_version ${String(spec.version ?? 3)}`,
    '    enable_script_security',
    '    script_user root',
    // A busy host must not take its own delay for the holder's silence.
    '    vrrp_priority -20',
    '    max_auto_priority 50',
    '    vrrp_no_swap',
    '}',
    '',
    ...engineCheckBlocks,
    ...(spec.trackNode === false ? [] : nodeCheckBlock),
    ...(spec.isBalanced === true ? balancerCheckBlock : []),
    ...checkBlocks(spec.checks ?? [], spec.sourceAddress),
    `vrrp_instance ${spec.name} {`,
    '    state BACKUP',
    ...(isRaised ? [] : ['    nopreempt']),
    `    interface ${spec.interface}`,
    ...sourceStatement(spec, advertised),
    `    virtual_router_id ${String(spec.routerId)}`,
    `    priority ${String(isRaised ? raisedPriority : spec.priority)}`,
    `    advert_int ${String(spec.advertisementSeconds)}`,
    // Announced a second time soon: who asked in the moment in which both had the address goes on to the right one.
    '    garp_master_delay 1',
    ...authentication(spec.password),
    ...peerBlock(spec.peers ?? []),
    ...addressBlock('virtual_ipaddress', [advertised], spec.interface),
    ...addressBlock('virtual_ipaddress_excluded', excluded, spec.interface),
    '    track_script {',
    '        engine',
    '        answers',
    ...(spec.trackNode === false ? [] : ['        node']),
    ...(spec.isBalanced === true ? ['        balancer'] : []),
    ...(spec.checks ?? []).map((_, index) => `        ${checkName(index)}`),
    '    }',
    ...(spec.notify === undefined ? [] : [`    notify "${spec.notify.join(' ')}"`]),
    '}',
    '',
  ].join('\n');
}

/** Keeps the node's own address readable where no statement holds it. */
export const sourceLine = '# address: ';

/**
 * The addresses, with the one before the others that advertisements tell of. They go over one family only:
 * that of the nodes' own addresses where one of these is of it.
 */
export function advertisedFirst({
  addresses,
  sourceAddress,
}: Pick<VrrpSpec, 'addresses' | 'sourceAddress'>): readonly string[] {
  const index = addresses.findIndex((one) => isIpv6(one) === isIpv6(sourceAddress));
  return index <= 0
    ? addresses
    : [...addresses.slice(index, index + 1), ...addresses.filter((_, other) => other !== index)];
}

/** Advertisements over IPv6 from a node that has an IPv4 address come from its link-local one. */
function sourceStatement(spec: VrrpSpec, advertised: string): readonly string[] {
  if (isIpv6(advertised) !== isIpv6(spec.sourceAddress)) return [];
  const isUnicast = spec.peers !== undefined && spec.peers.length > 0;
  return [`    ${isUnicast ? 'unicast_src_ip' : 'mcast_src_ip'} ${spec.sourceAddress}`];
}

function authentication(password: string | undefined): readonly string[] {
  return password === undefined
    ? []
    : ['    authentication {', '        auth_type PASS', `        auth_pass ${password}`, '    }'];
}

/** Without peers keepalived would not start in unicast; with nobody to tell, either way is silent. */
function peerBlock(peers: readonly string[]): readonly string[] {
  return peers.length === 0
    ? []
    : ['    unicast_peer {', ...peers.map((peer) => `        ${peer}`), '    }'];
}

/**
 * Only the first address is advertised: a peer that is told of others than its own file has discards the
 * advertisement and takes the address as well. So further ones come and go without either.
 */
function addressBlock(kind: string, addresses: readonly string[], name: string): readonly string[] {
  return addresses.length === 0
    ? []
    : [`    ${kind} {`, ...addresses.map((address) => `        ${address} dev ${name}`), '    }'];
}
