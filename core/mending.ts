import type { EngineInfo, Sight, SwarmNodeFacts } from './facts';
import { isSeen } from './facts';
import { isAt } from './gate';
import type { GateFacts, ManagerSight } from './gate';

/**
 * The gate's facts as they are behind the head of the run, which unlocks managers and starts engines
 * that an interrupted run left stopped (`names`): the same swarm, with these as healthy as their peers.
 * Without a healthy peer to tell of the swarm nothing is assumed.
 */
export function afterMending(facts: GateFacts, names: readonly string[]): GateFacts {
  const peer = facts.managers.find(({ name }) => !names.includes(name) && isWhole(facts, name));
  if (names.length === 0 || peer === undefined) return facts;
  const addresses = facts.managers
    .filter(({ name }) => names.includes(name))
    .map(({ address }) => address);
  return {
    ...facts,
    // What their tasks are short of comes back with them.
    services: isSeen(facts.services)
      ? { seen: facts.services.seen.filter(({ node }) => !names.includes(node)) }
      : facts.services,
    managers: facts.managers.map((manager) => ({
      ...manager,
      info: names.includes(manager.name) ? peer.info : manager.info,
      managers: mendedNodes(
        names.includes(manager.name) ? peer.managers : manager.managers,
        addresses,
      ),
    })),
    nodes: mendedNodes(facts.nodes, addresses),
  };
}

/** A list of nodes with the raft members at these addresses up. */
export function mendedNodes(
  nodes: Sight<readonly SwarmNodeFacts[]>,
  addresses: readonly string[],
): Sight<readonly SwarmNodeFacts[]> {
  if (!isSeen(nodes)) return nodes;
  return {
    seen: nodes.seen.map((node) =>
      node.managerStatus !== undefined && addresses.some((address) => isAt(node, address))
        ? {
            ...node,
            state: 'ready',
            managerStatus: { ...node.managerStatus, reachability: 'reachable' },
          }
        : node,
    ),
  };
}

function isWhole(facts: GateFacts, name: string): boolean {
  const manager: ManagerSight | undefined = facts.managers.find((one) => one.name === name);
  if (manager === undefined || !isSeen(manager.managers) || !isSeen(manager.info)) return false;
  const info: EngineInfo = manager.info.seen;
  return info.isControlAvailable && info.error === '';
}
