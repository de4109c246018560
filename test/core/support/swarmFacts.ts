import type { EngineInfo, SwarmNodeFacts, TaskFacts } from '../../../core/facts';
import type { GateFacts } from '../../../core/gate';
import { managedLabel, osLabel } from '../../../core/labels';

/** A healthy swarm as plain facts: managers m1 (the leader), m2, …; workers w1, w2, …. */
export interface SwarmSize {
  readonly managers: number;
  readonly workers: number;
}

export const clusterId = 'swarm-of-the-tests';

export function names(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${String(index + 1)}`);
}

/** `m2` is at 10.88.0.12, `w1` at 10.88.0.21. */
export function addressOfNode(name: string): string {
  return `10.88.0.${String((name.startsWith('m') ? 10 : 20) + Number(name.slice(1)))}`;
}

export function workerNode(name: string, over: Partial<SwarmNodeFacts> = {}): SwarmNodeFacts {
  return {
    id: `id-${name}`,
    version: 1,
    hostname: name,
    address: addressOfNode(name),
    role: 'worker',
    availability: 'active',
    state: 'ready',
    labels: { [managedLabel]: 'true', [osLabel]: 'debian:12' },
    engineVersion: '20.10.24',
    managerStatus: undefined,
    ...over,
  };
}

type Membership = NonNullable<SwarmNodeFacts['managerStatus']>;

export function managerNode(
  name: string,
  membership: Partial<Membership> = {},
  over: Partial<SwarmNodeFacts> = {},
): SwarmNodeFacts {
  return workerNode(name, {
    role: 'manager',
    managerStatus: {
      isLeader: name === 'm1',
      reachability: 'reachable',
      address: `${addressOfNode(name)}:2377`,
      ...membership,
    },
    ...over,
  });
}

export function healthyNodes({ managers, workers }: SwarmSize): readonly SwarmNodeFacts[] {
  return [
    ...names('m', managers).map((name) => managerNode(name)),
    ...names('w', workers).map((name) => workerNode(name)),
  ];
}

export function engineInfo(name: string, over: Partial<EngineInfo> = {}): EngineInfo {
  return {
    engineVersion: '20.10.24',
    dataRoot: '/var/lib/docker',
    localNodeState: 'active',
    nodeId: `id-${name}`,
    nodeAddress: addressOfNode(name),
    isControlAvailable: true,
    error: '',
    clusterId,
    managers: 3,
    nodes: 5,
    remoteManagers: [],
    ...over,
  };
}

/** A task of the service `id-<service>` that runs on a node. */
export function taskOn(node: SwarmNodeFacts, service: string): TaskFacts {
  return {
    id: `task-${service}-${node.id}`,
    serviceId: `id-${service}`,
    nodeId: node.id,
    state: 'running',
    desiredState: 'running',
    error: '',
  };
}

/** What the gate sees when every manager answers with the same list. */
export function gateFactsOf(
  nodes: readonly SwarmNodeFacts[],
  { managers, workers }: SwarmSize,
): GateFacts {
  return {
    clusterId,
    managers: names('m', managers).map((name) => ({
      name,
      address: addressOfNode(name),
      info: { seen: engineInfo(name) },
      managers: { seen: nodes.filter(({ managerStatus }) => managerStatus !== undefined) },
    })),
    nodes: { seen: nodes },
    workers: names('w', workers),
    going: [],
    isRootRotationInProgress: false,
    maxUnavailable: 1,
    services: { seen: [] },
  };
}

/** The same list with one entry changed. */
export function withNode(
  nodes: readonly SwarmNodeFacts[],
  name: string,
  change: (node: SwarmNodeFacts) => SwarmNodeFacts,
): readonly SwarmNodeFacts[] {
  return nodes.map((node) => (node.hostname === name ? change(node) : node));
}

export function withReachability(
  nodes: readonly SwarmNodeFacts[],
  name: string,
  reachability: Membership['reachability'],
): readonly SwarmNodeFacts[] {
  return withNode(nodes, name, (node) => ({
    ...node,
    managerStatus:
      node.managerStatus === undefined ? undefined : { ...node.managerStatus, reachability },
  }));
}
