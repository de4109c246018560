import { SwarmError } from '../../../core/errors';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { findManager } from '../ask/managers';
import { accessOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';

/** Swarm's TCP ports: control, and gossip between nodes. */
const managerPorts = [2377, 7946];
/** Swarm's UDP ports: gossip between nodes, and the data of overlay networks. */
const udpPorts = [7946, 4789];
/**
 * Datagrams before a port counts as silent. Linux answers one address by ICMP once a second after the first six
 * (`net.ipv4.icmp_ratelimit`), and a manager that has just started gossips to the members that it knew, which this
 * node may have been: its own questions take the answers.
 */
const datagrams = 5;
/** Certificates are valid from one hour before they are issued; clocks this far apart need mending. */
const mostClockSkewSeconds = 30;

/**
 * What keeps a join from working is found before it, since a manager that joined and cannot be reached
 * counts for the quorum at once. Ports are tried both ways: on the node that is to join nothing
 * listens yet, so a refusal is a good answer there, and silence means a firewall. For the same reason
 * datagrams are tried towards that node only: a port that somebody listens on stays silent.
 *
 * @param late managers that it does not join by as long as there are others.
 * @throws SwarmError `PortsClosed`, `ClocksApart`, all findings at once.
 */
export async function checkPeers(
  operation: Operation,
  spec: NodeInputs,
  host: Host,
  late: readonly string[],
): Promise<void> {
  const manager = await findManager(operation, accessOf(spec), [spec.name, ...late]);
  const peer = await operation.effects.hosts.connect(manager.contact.connection);
  const [outward, inward, udp, ownClock, peerClock] = await Promise.all([
    probeAll(host, manager.contact.address, managerPorts),
    probeAll(peer, spec.address, spec.role === 'manager' ? managerPorts : [7946]),
    probeAllUdp(peer, spec.address),
    host.facts(),
    peer.facts(),
  ]);
  const closed = [
    ...outward
      .filter(({ answer }) => answer !== 'open')
      .map(
        ({ port, answer }) =>
          `${String(port)}/tcp from ${spec.name} to ${manager.contact.name} is ${answer}`,
      ),
    ...inward
      .filter(({ answer }) => answer === 'silent')
      .map(
        ({ port }) => `${String(port)}/tcp from ${manager.contact.name} to ${spec.name} is silent`,
      ),
    ...udp
      .filter(({ answer }) => answer === 'silent')
      .map(
        ({ port }) =>
          `${String(port)}/udp from ${manager.contact.name} to ${spec.name} is silent (a free port answers by ICMP)`,
      ),
  ];
  if (closed.length > 0) {
    throw new SwarmError(
      'PortsClosed',
      `${spec.name}: ${closed.join('; ')}; it was not joined; open 2377/tcp, 7946/tcp, 7946/udp and 4789/udp between all nodes`,
      { source: 'user' },
    );
  }
  const skew = Math.abs(ownClock.clockSeconds - peerClock.clockSeconds);
  if (skew > mostClockSkewSeconds) {
    throw new SwarmError(
      'ClocksApart',
      `${spec.name}: its clock and that of ${manager.contact.name} are ${String(Math.round(skew))} s apart; it was not joined; run a time service on both`,
      { source: 'user' },
    );
  }
}

async function probeAll(
  from: Host,
  address: string,
  ports: readonly number[],
): Promise<readonly { readonly port: number; readonly answer: string }[]> {
  return Promise.all(
    ports.map(async (port) => ({ port, answer: await from.network.probe(address, port, 5) })),
  );
}

async function probeAllUdp(
  from: Host,
  address: string,
): Promise<readonly { readonly port: number; readonly answer: string }[]> {
  return Promise.all(
    udpPorts.map(async (port) => ({ port, answer: await probeUdp(from, address, port) })),
  );
}

async function probeUdp(from: Host, address: string, port: number): Promise<string> {
  for (let sent = 1; sent < datagrams; sent += 1) {
    const answer = await from.network.probeUdp(address, port);
    if (answer !== 'silent') return answer;
  }
  return from.network.probeUdp(address, port);
}
