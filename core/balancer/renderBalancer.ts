import { addressOf, bracketed } from '../addresses';
import { SwarmError } from '../errors';
import { renderFileMarker } from '../fileMarker';
import { fnv1a } from '../fnv1a';
import type { Marker } from '../marker';
import { balanceFaults } from './balanceFaults';
import { proxyName } from './balancerSpec';
import type { BalancedPort, BalancerSpec, ServerKey } from './balancerSpec';
import { withDrained } from './drainedServers';

/** HAProxy's runtime API on every node: only root may open it. */
export const runtimeSocketPath = '/run/haproxy/admin.sock';

export const drainSecondsLine = '# drain-seconds: ';

/**
 * haproxy.cfg of a node. `transparent` lets it listen on the virtual addresses on every node, whoever
 * holds them now: neither a start nor a reload depends on where the address is, and no setting of the
 * whole host (`ip_nonlocal_bind`) is changed.
 *
 * What keeps requests from failing when a node dies without a word: a connection that does not open in
 * 0.5 s is tried on another server (`redispatch`), checks take a silent server out within about 1 s, and
 * in HTTP mode a request that has no answer yet is sent again if it may be repeated (GET, HEAD, OPTIONS),
 * as soon as the kernel gives its connection up (`tcp-ut`).
 *
 * @throws SwarmError `BalancerValueInvalid` for a value that would not be one word of the file.
 */
export function renderBalancer(
  spec: BalancerSpec,
  marker: Marker,
  drained: readonly ServerKey[] = [],
): string {
  requireWords(spec);
  const statements = [
    ...defaults,
    ...spec.ports.flatMap((port) => ['', ...section(spec, port)]),
    '',
  ];
  const text = [
    ...renderFileMarker(marker),
    `${drainSecondsLine}${String(spec.drainSeconds)}`,
    'global',
    `    description swarm-${fnv1a(statements.join('\n'))}`,
    '    chroot /var/lib/haproxy',
    '    user haproxy',
    '    group haproxy',
    `    stats socket ${runtimeSocketPath} mode 600 level admin expose-fd listeners`,
    '    stats timeout 30s',
    '',
    ...statements,
  ].join('\n');
  return withDrained(text, drained, true);
}

const defaults: readonly string[] = [
  'defaults',
  '    timeout connect 500ms',
  '    timeout check 500ms',
  '    timeout queue 5s',
  '    retries 3',
  '    option redispatch 1',
  '    option srvtcpka',
  '    srvtcpka-idle 2s',
  '    srvtcpka-intvl 1s',
  '    srvtcpka-cnt 2',
  '    default-server inter 500ms fastinter 200ms downinter 500ms fall 2 rise 2 tcp-ut 1s',
];

function section(spec: BalancerSpec, port: BalancedPort): readonly string[] {
  return [
    `listen ${proxyName(port.listen)}`,
    ...spec.addresses.map(
      (address) => `    bind ${bracketed(addressOf(address))}:${String(port.listen)} transparent`,
    ),
    ...(port.mode === 'http' ? httpMode : tcpMode),
    '    balance roundrobin',
    ...check(port),
    ...spec.servers.map(
      ({ name, address }) =>
        `    server ${name} ${bracketed(address)}:${String(port.target)} check`,
    ),
  ];
}

/** A repeated POST could be done twice: it is tried anew only when it was never sent. */
const httpMode: readonly string[] = [
  '    mode http',
  '    timeout client 1m',
  '    timeout server 1m',
  '    timeout tunnel 1h',
  '    timeout http-request 10s',
  '    option forwardfor',
  '    retry-on conn-failure empty-response',
  '    http-request disable-l7-retry if !{ method GET HEAD OPTIONS }',
];

/** Nobody knows how long a connection may be silent: what ends it early is the kernel, when a side is gone. */
const tcpMode: readonly string[] = [
  '    mode tcp',
  '    timeout client 1h',
  '    timeout server 1h',
  '    option clitcpka',
];

function check({ check: how = 'tcp' }: BalancedPort): readonly string[] {
  return how === 'tcp'
    ? []
    : [
        '    option httpchk',
        `    http-check send meth GET uri ${how.http} ver HTTP/1.1 hdr Host balancer hdr Connection close`,
        '    http-check expect status 200-399',
      ];
}

function requireWords(spec: BalancerSpec): void {
  const [first] = balanceFaults(spec);
  if (first === undefined) return;
  throw new SwarmError(
    'BalancerValueInvalid',
    `haproxy.cfg: ${first.property} ${first.reason}; it would become a statement of its own; nothing was written; declare another value`,
    { source: 'user' },
  );
}
