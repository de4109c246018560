import { SwarmError } from '../../../core/errors';
import type { IngressFacts } from '../../../core/facts';
import { findNode, isLive, machineOfNode } from './machines';
import type { MachineState, NodeEntry, SwarmState, WorldState } from './state';
import { timing } from './timing';

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

export function ingressFacts(state: WorldState, machine: MachineState): IngressFacts | undefined {
  const place = placeOf(state, machine);
  if (place?.swarm.hasIngress !== true) return undefined;
  const id = `ingress-${place.swarm.clusterId}`;
  if (place.isAttached) return { id, address: place.node.ingressAddress };
  const isKnown =
    machine.engine.membership?.isControlAvailable === true && place.swarm.leader !== undefined;
  return isKnown ? { id, address: undefined } : undefined;
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
  // What is asked goes one way over the data path, and the answer the other way.
  const isBlocked = [from, target].some(({ blockedPorts }) => blockedPorts.includes(4789));
  return isBlocked ? 'silent' : 'refused';
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
