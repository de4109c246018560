import { engineCheckBlocks } from './engineChecks';
import { renderKeepalivedMarker } from './keepalivedMarker';
import type { VrrpMarker } from './keepalivedMarker';
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
export function renderKeepalived(spec: VrrpSpec, marker: VrrpMarker, raisedFor?: string): string {
  const isRaised = raisedFor !== undefined;
  requireWords(spec, raisedFor);
  return [
    ...renderKeepalivedMarker(marker),
    `${priorityLine}${String(spec.priority)}`,
    ...(isRaised ? [`${raisedLine}${raisedFor}`] : []),
    'global_defs {',
    '    vrrp_version 3',
    '    enable_script_security',
    '    script_user root',
    // A busy host must not take its own delay for the holder's silence.
    '    vrrp_priority -20',
    '    max_auto_priority 50',
    '    vrrp_no_swap',
    '}',
    '',
    ...engineCheckBlocks,
    `vrrp_instance ${spec.name} {`,
    '    state BACKUP',
    ...(isRaised ? [] : ['    nopreempt']),
    `    interface ${spec.interface}`,
    `    mcast_src_ip ${spec.sourceAddress}`,
    `    virtual_router_id ${String(spec.routerId)}`,
    `    priority ${String(isRaised ? raisedPriority : spec.priority)}`,
    `    advert_int ${String(spec.advertisementSeconds)}`,
    // Announced a second time soon: who asked in the moment in which both had the address goes on to the right one.
    '    garp_master_delay 1',
    ...addressBlock('virtual_ipaddress', spec.addresses.slice(0, 1), spec.interface),
    ...addressBlock('virtual_ipaddress_excluded', spec.addresses.slice(1), spec.interface),
    '    track_script {',
    '        engine',
    '        answers',
    '    }',
    '}',
    '',
  ].join('\n');
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
