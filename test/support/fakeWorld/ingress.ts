import { SwarmError } from '../../../core/errors';
import type { IngressFacts, OverlayNetworkFacts } from '../../../core/facts';
import { gossipPort } from '../../../core/overlayCause';
import { findNode, isLive, machineOfNode } from './machines';
import type { MachineState, NodeEntry, SwarmState, WorldState } from './state';
import { timing } from './timing';

const ingressMtu = 1_450;

interface Place {
  readonly swarm: SwarmState;
  readonly node: NodeEntry;
  /** The engine has attached itself. */
  readonly isAttached: boolean;
}

/** First address of the swarm's first pool that no node has had: the pool's network and gateway come first. */
export function nextIngressAddress(swarm: SwarmState): string {
  const network = (swarm.addressPools[0] ?? '10.0.0.0/8').split('/')[0] ?? '';
  const [a = '10', b = '0', c = '0'] = network.split('.');
  swarm.ingressAddresses += 1;
  return [a, b, c, String(swarm.ingressAddresses + 1)].join('.');
}

export function ingressNetwork(swarm: SwarmState): OverlayNetworkFacts {
  const [network = ''] = (swarm.addressPools[0] ?? '10.0.0.0/8').split('/');
  const prefix = String(swarm.subnetSize === 0 ? 24 : swarm.subnetSize);
  return {
    ...{ id: `ingress-${swarm.clusterId}`, name: 'ingress', labels: {}, isIngress: true },
    subnets: [`${network}/${prefix}`],
  };
}

export function ingressFacts(state: WorldState, machine: MachineState): IngressFacts | undefined {
  const place = placeOf(state, machine);
  if (place?.swarm.hasIngress !== true) return undefined;
  const { id } = ingressNetwork(place.swarm);
  if (place.isAttached) {
    return { id, address: place.node.ingressAddress, peers: heardOf(state, place, machine) };
  }
  const isKnown =
    machine.engine.membership?.isControlAvailable === true && place.swarm.leader !== undefined;
  return isKnown ? { id, address: undefined, peers: [] } : undefined;
}

/** Gossip tells everybody at once. */
function heardOf(state: WorldState, { swarm }: Place, machine: MachineState): readonly string[] {
  return swarm.nodes.flatMap(({ id, address }) => {
    const other = machineOfNode(state, id);
    if (other === undefined || !isLive(state, id)) return [];
    if (placeOf(state, other)?.isAttached !== true) return [];
    return other === machine || !isGossipBlocked(machine, other) ? [address] : [];
  });
}

/** @throws SwarmError `ProbeFailed` without an ingress sandbox. */
export function probeFromIngress(
  state: WorldState,
  from: MachineState,
  address: string,
): 'refused' | 'silent' {
  const place = placeOf(state, from);
  if (place?.swarm.hasIngress !== true || !place.isAttached) {
    throw new SwarmError('ProbeFailed', `${from.key}: no ingress sandbox`, { source: 'world' });
  }
  if (address === place.node.ingressAddress) return 'refused';
  const node = place.swarm.nodes.find((other) => other.ingressAddress === address);
  const target = node === undefined ? undefined : machineOfNode(state, node.id);
  if (node === undefined || target === undefined || !isLive(state, node.id)) return 'silent';
  if (placeOf(state, target)?.isAttached !== true || from.link === 'cut') return 'silent';
  // One that joined while gossip was blocked knows of nobody's address.
  if (isGossipBlocked(from, target)) return 'silent';
  // What is asked goes one way over the data path, and the answer the other way.
  const isBlocked = [from, target].some(({ blockedPorts }) => blockedPorts.includes(4789));
  return isBlocked ? 'silent' : 'refused';
}

function isGossipBlocked(...ends: readonly MachineState[]): boolean {
  return ends.some(({ blockedPorts }) => blockedPorts.includes(gossipPort));
}

/** As `probeFromIngress`, by a packet of `ingressMtu` bytes and what the overlay adds to it. */
export function probeLargeFromIngress(
  state: WorldState,
  from: MachineState,
  address: string,
): { readonly answer: 'refused' | 'silent'; readonly mtu: number } {
  const answer = probeFromIngress(state, from, address);
  const target = targetOf(state, from, address);
  const largest = Math.min(from.largestPacket, target?.largestPacket ?? 0);
  return { answer: largest < ingressMtu + 50 ? 'silent' : answer, mtu: ingressMtu };
}

/** Whether gossip has told this machine where an address of the ingress network is. */
export function knowsFromIngress(state: WorldState, from: MachineState, address: string): boolean {
  const target = targetOf(state, from, address);
  return target !== undefined && !isGossipBlocked(from, target);
}

function targetOf(
  state: WorldState,
  from: MachineState,
  address: string,
): MachineState | undefined {
  const node = placeOf(state, from)?.swarm.nodes.find((each) => each.ingressAddress === address);
  return node === undefined ? undefined : machineOfNode(state, node.id);
}

function placeOf(state: WorldState, machine: MachineState): Place | undefined {
  const { membership } = machine.engine;
  const swarm = membership === undefined ? undefined : state.swarms[membership.clusterId];
  const node =
    membership === undefined || swarm === undefined
      ? undefined
      : findNode(swarm, membership.nodeId);
  if (swarm === undefined || node === undefined) return undefined;
  return { swarm, node, isAttached: state.nowMs - node.joinedMs >= timing.ingress };
}
