import { SwarmError } from './errors';
import type { InputFailure } from './errors';
import { vrrpFaults } from './vrrpFaults';

/** What one keepalived instance of ours needs to know. */
export interface VrrpSpec {
  /** Name of the VIP's resource; names the instance. */
  readonly name: string;
  /** With their prefix length, e.g. `10.88.0.100/24`. */
  readonly addresses: readonly string[];
  readonly interface: string;
  /** The node's own address: source of the advertisements. */
  readonly sourceAddress: string;
  /** VRRP virtual router ID, 1–255. */
  readonly routerId: number;
  /** 1–200. */
  readonly priority: number;
  /** Seconds between advertisements; fractions need VRRP version 3. */
  readonly advertisementSeconds: number;
}

/** Who wrote a configuration file, kept in its first lines. */
export interface VrrpMarker {
  readonly id: string;
  readonly urn: string;
}

const header = '# Managed by the Pulumi package "swarm"; changes by hand are overwritten.';
const priorityLine = '# priority: ';
const raisedLine = '# raised: takes over from ';
/** Above every declared priority (at most 200). Not 255: that is VRRP's address owner, who never waits. */
const raisedPriority = 254;

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
    header,
    `# id: ${onOneLine(marker.id)}`,
    `# urn: ${onOneLine(marker.urn)}`,
    `${priorityLine}${String(spec.priority)}`,
    ...(isRaised ? [`${raisedLine}${raisedFor}`] : []),
    'global_defs {',
    '    vrrp_version 3',
    '    enable_script_security',
    '    script_user root',
    '}',
    '',
    'vrrp_script engine {',
    '    script "/usr/bin/systemctl is-active --quiet docker.service"',
    '    interval 2',
    '    timeout 5',
    '    fall 3',
    '    rise 1',
    '}',
    '',
    `vrrp_instance ${spec.name} {`,
    '    state BACKUP',
    ...(isRaised ? [] : ['    nopreempt']),
    `    interface ${spec.interface}`,
    `    mcast_src_ip ${spec.sourceAddress}`,
    `    virtual_router_id ${String(spec.routerId)}`,
    `    priority ${String(isRaised ? raisedPriority : spec.priority)}`,
    `    advert_int ${String(spec.advertisementSeconds)}`,
    '    virtual_ipaddress {',
    ...spec.addresses.map((address) => `        ${address} dev ${spec.interface}`),
    '    }',
    '    track_script {',
    '        engine',
    '    }',
    '}',
    '',
  ].join('\n');
}

/** Marker of a configuration file of ours; undefined: somebody else wrote it. */
export function parseKeepalivedMarker(text: string): VrrpMarker | undefined {
  if (!text.startsWith(header)) return undefined;
  const id = /^# id: (.+)$/m.exec(text)?.[1];
  const urn = /^# urn: (.+)$/m.exec(text)?.[1];
  return id === undefined || urn === undefined ? undefined : { id: asItWas(id), urn: asItWas(urn) };
}

function requireWords(spec: VrrpSpec, raisedFor: string | undefined): void {
  const { name: vip, sourceAddress: address, ...rest } = spec;
  refuse(vrrpFaults({ ...rest, vip, address, name: raisedFor }));
}

function requireNodeName(name: string | undefined): void {
  refuse(vrrpFaults({ name }));
}

function refuse([first]: readonly InputFailure[]): void {
  if (first === undefined) return;
  throw new SwarmError(
    'VrrpValueInvalid',
    `keepalived.conf: ${first.property} ${first.reason}; it would become a statement of its own; nothing was written; declare another value`,
    { source: 'user' },
  );
}

/** A resource's name may hold any character; a line end would leave the comment that it stands in. */
function onOneLine(text: string): string {
  return text.replace(
    /[^\x20-\x7e]|[%\\]/g,
    (unit) => `%${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function asItWas(text: string): string {
  return text.replace(/%([0-9a-f]{4})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}

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

/** The node that a raised file takes over from; undefined when it is not raised. */
export function parseRaisedFor(text: string): string | undefined {
  return new RegExp(`^${raisedLine}(.+)$`, 'm').exec(text)?.[1];
}

/**
 * A file of ours turned into its raised form (`raisedFor` given) or back into its ordinary one. Pure
 * text, so that a node's operation can raise a peer from the peer's own file, without knowing the
 * peer's declaration.
 */
export function withRaised(text: string, raisedFor: string | undefined): string {
  requireNodeName(raisedFor);
  const isRaised = raisedFor !== undefined;
  const declared = new RegExp(`^${priorityLine}(\\d+)$`, 'm').exec(text)?.[1] ?? '1';
  return text
    .split('\n')
    .filter((line) => !line.startsWith(raisedLine) && line.trim() !== 'nopreempt')
    .flatMap((line) => {
      if (line.startsWith(priorityLine) && isRaised) return [line, `${raisedLine}${raisedFor}`];
      if (line.trim() === 'state BACKUP' && !isRaised) return [line, '    nopreempt'];
      if (/^\s+priority \d+$/.test(line)) {
        return [`    priority ${isRaised ? String(raisedPriority) : declared}`];
      }
      return [line];
    })
    .join('\n');
}

/** Priorities from the declared order of managers: the first one highest, all distinct, within 1–254. */
export function vrrpPriority(index: number): number {
  return Math.max(1, 200 - index * 10);
}

/** The virtual addresses in a file of ours, with their prefix lengths; none in anybody else's. */
export function parseVirtualAddresses(text: string): readonly string[] {
  if (parseKeepalivedMarker(text) === undefined) return [];
  const block = /^ {4}virtual_ipaddress \{\n((?: {8}.*\n)*)/m.exec(text)?.[1] ?? '';
  return [...block.matchAll(/^ {8}(\S+) dev /gm)].map(([, address]) => address ?? '');
}
