import { hostAddresses } from './addresses';
import type { OverlayNetworkFacts, ServiceFacts, SwarmNodeFacts, TaskFacts } from './facts';
import { placement } from './placement';

/** Network, gateway and broadcast of a subnet. */
export const takenOfSubnet = 3;

/** What a roll does to the addresses of one overlay network. */
export interface OverlayLoad {
  readonly network: string;
  readonly subnets: readonly string[];
  /** Addresses that the swarm can give out. */
  readonly usable: number;
  readonly virtualIps: number;
  readonly tasks: number;
  /** Nodes with tasks on it, each of which has an address of its own there. */
  readonly nodesNow: number;
  /** The most nodes that have tasks on it once those of the nodes of a turn run elsewhere. */
  readonly nodesMost: number;
  /** The most tasks that move at once, which have both addresses until the old ones have stopped. */
  readonly moving: number;
}

export interface OverlayCapacityFacts {
  readonly networks: readonly OverlayNetworkFacts[];
  readonly services: readonly ServiceFacts[];
  readonly tasks: readonly TaskFacts[];
  readonly nodes: readonly SwarmNodeFacts[];
  /** IDs of the nodes that go, one turn after another; those of one turn are out together. */
  readonly turns: readonly (readonly string[])[];
}

/**
 * How full each overlay network becomes by a roll. Usable are all addresses of its subnets but three each.
 * A virtual IP of a service takes one, so does a task, and so does each node with tasks, for its load
 * balancer; on the ingress network every node has one.
 *
 * Source: facts of the second procedure (a /27 with 5 nodes has room for 23 tasks); libnetwork.
 */
export function overlayLoads(facts: OverlayCapacityFacts): readonly OverlayLoad[] {
  return facts.networks.flatMap((network) => {
    const usable = usableAddresses(network.subnets);
    return usable === undefined ? [] : [loadOf(network, usable, facts)];
  });
}

/** Undefined: a subnet is none that could be counted. */
function usableAddresses(subnets: readonly string[]): number | undefined {
  const sizes = subnets.map(hostAddresses).filter((size) => size !== 'ipv6');
  if (sizes.length === 0 || sizes.includes(undefined)) return undefined;
  return sizes.reduce((sum: number, size) => sum + Math.max(0, (size ?? 0) - takenOfSubnet), 0);
}

function loadOf(
  { id, name, subnets, isIngress }: OverlayNetworkFacts,
  usable: number,
  { services, tasks, nodes, turns: out }: OverlayCapacityFacts,
): OverlayLoad {
  const own = tasks.filter(
    (task) => task.desiredState === 'running' && task.networks?.includes(id) === true,
  );
  const attached = services.filter((service) => own.some((task) => task.serviceId === service.id));
  const isGlobal = ({ serviceId }: TaskFacts): boolean =>
    attached.some((service) => service.id === serviceId && service.mode === 'global');
  const mayHave = nodes.filter(
    (node) =>
      node.state !== 'down' &&
      attached.some(({ constraints }) => placement(node, constraints) !== 'no'),
  );
  const on = (nodeId: string): readonly TaskFacts[] => own.filter((task) => task.nodeId === nodeId);
  const nodesNow = isIngress ? nodes.length : nodes.filter((node) => on(node.id).length > 0).length;
  const turns = out.map((ids) => {
    const moving = ids.flatMap(on).filter((task) => !isGlobal(task)).length;
    const stayLoaded = ids.filter((nodeId) => on(nodeId).some(isGlobal)).length;
    const others = mayHave.filter((node) => !ids.includes(node.id)).length;
    return { moving, nodes: moving === 0 ? 0 : others + stayLoaded };
  });
  const nodesAfter = Math.min(own.length, Math.max(0, ...turns.map((turn) => turn.nodes)));
  return {
    network: name,
    ...{ subnets, usable, nodesNow },
    virtualIps: services.filter(({ virtualIpNetworks }) => virtualIpNetworks?.includes(id) === true)
      .length,
    tasks: own.length,
    nodesMost: isIngress ? nodesNow : Math.max(nodesNow, nodesAfter),
    moving: Math.max(0, ...turns.map(({ moving }) => moving)),
  };
}

export type OverlayVerdict =
  | { readonly kind: 'fits' }
  /** It fits again when old tasks have stopped; until then new ones wait. */
  | { readonly kind: 'tight'; readonly sentence: string }
  /** Tasks would be left without an address. */
  | { readonly kind: 'full'; readonly sentence: string };

/** Whether a roll leaves every task of a network its address. One that is as full already is not made worse. */
export function overlayVerdict(load: OverlayLoad): OverlayVerdict {
  const { usable, virtualIps, tasks, nodesNow, nodesMost, moving } = load;
  if (moving === 0) return { kind: 'fits' };
  const most = virtualIps + tasks + nodesMost;
  const what = `overlay network ${load.network} (${load.subnets.join(', ')})`;
  const remedy = 'take a larger subnet for it, or run fewer tasks on it';
  if (most > usable && nodesMost > nodesNow) {
    return {
      kind: 'full',
      sentence:
        `${what}: of its ${String(usable)} addresses ${String(virtualIps + tasks + nodesNow)} are taken (${countOf(load, nodesNow)}); ` +
        `as tasks move, ${String(nodesMost)} nodes have tasks and need one each, which makes ${String(most)}: tasks would get none ("ip addresses may be exhausted"); ${remedy}`,
    };
  }
  // A node that goes keeps its own until its tasks have stopped.
  const more = moving + (nodesMost > nodesNow ? 1 : 0);
  if (most + more <= usable) return { kind: 'fits' };
  return {
    kind: 'tight',
    sentence: `${what}: of its ${String(usable)} addresses ${String(most)} are needed (${countOf(load, nodesMost)}), and ${String(more)} more at once while ${String(moving)} ${moving === 1 ? 'task moves' : 'tasks move'}: new tasks wait until old ones have stopped; ${remedy}`,
  };
}

function countOf({ virtualIps, tasks }: OverlayLoad, nodes: number): string {
  return `virtual IPs ${String(virtualIps)}, tasks ${String(tasks)}, nodes ${String(nodes)}`;
}
