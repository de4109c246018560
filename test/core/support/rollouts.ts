import type { SwarmNodeFacts } from '../../../core/facts';
import { osLabel } from '../../../core/labels';
import type { RolloutDeclaration, RolloutFacts, RolloutNode } from '../../../core/rolloutFacts';
import { addressOfNode, engineInfo, gateFactsOf, names } from './swarmFacts';
import type { SwarmSize } from './swarmFacts';

/** The same wish for every node of a cluster. */
export function declare(
  { managers, workers }: SwarmSize,
  wish: Partial<Pick<RolloutNode, 'os' | 'engineVersion'>> = {},
): RolloutDeclaration {
  const node = (name: string): RolloutNode => ({
    name,
    address: addressOfNode(name),
    os: wish.os,
    engineVersion: wish.engineVersion,
  });
  return {
    managers: names('m', managers).map(node),
    workers: names('w', workers).map(node),
    maxUnavailable: '10%',
  };
}

/**
 * What a look at the world gives: the hosts of managers that are in the list are members and show
 * the OS of their label; the others' machines are not there. `silent` managers do not answer.
 */
export function see(
  nodes: readonly SwarmNodeFacts[],
  size: SwarmSize,
  silent: readonly string[] = [],
): RolloutFacts {
  const entry = (name: string): SwarmNodeFacts | undefined =>
    nodes.find((node) => node.hostname === name && node.state === 'ready') ??
    nodes.find((node) => node.hostname === name);
  const gate = gateFactsOf(nodes, size);
  return {
    managers: names('m', size.managers).map((name) => ({
      name,
      swarm: silent.includes(name) ? 'unknown' : entry(name) === undefined ? 'absent' : 'member',
      os: silent.includes(name) ? undefined : entry(name)?.labels[osLabel],
    })),
    gate: {
      ...gate,
      managers: gate.managers.map((manager) =>
        silent.includes(manager.name) || entry(manager.name) === undefined
          ? {
              ...manager,
              info: { unseen: 'no route to host' },
              managers: { unseen: 'no route to host' },
            }
          : entry(manager.name)?.managerStatus === undefined
            ? {
                ...manager,
                info: {
                  seen: engineInfo(manager.name, {
                    isControlAvailable: false,
                    clusterId: undefined,
                  }),
                },
                managers: { unseen: 'This node is not a swarm manager.' },
              }
            : manager,
      ),
    },
    nodes: { seen: nodes },
    vipHolder: undefined,
  };
}
