import type { EngineInfo, Sight, SwarmNodeFacts } from '../../../core/facts';
import { isSeen } from '../../../core/facts';
import type { GateFacts, ManagerSight } from '../../../core/gate';
import type { RolloutDeclaration, RolloutFacts } from '../../../core/rolloutFacts';
import { addressOfNode, clusterId, engineInfo, names } from '../support/swarmFacts';
import { answers, isManager } from './world';
import type { Entry, Machine, World } from './world';

const noAnswer = { unseen: 'no route to host' } as const;

export function declaredManagers(world: World): readonly string[] {
  return names('m', world.size.managers);
}

export function declaredWorkers(world: World): readonly string[] {
  return names('w', world.size.workers);
}

/** The same OS for everybody; a lone manager keeps its own, since nothing can carry the swarm meanwhile. */
export function declarationOf(world: World): RolloutDeclaration {
  const node = (name: string): RolloutDeclaration['managers'][number] => ({
    name,
    address: addressOfNode(name),
    os: wantedOsOf(world, name),
    engineVersion: undefined,
  });
  return {
    managers: declaredManagers(world).map(node),
    workers: declaredWorkers(world).map(node),
    maxUnavailable: 1,
  };
}

export function wantedOsOf(world: World, name: string): string {
  return world.size.managers === 1 && isManager(name)
    ? (world.records[name]?.os ?? '')
    : world.wantedOs;
}

/** What the provider's `gatherGateFacts` would bring home. */
export function gateFacts(world: World, target?: string): GateFacts {
  const managers = declaredManagers(world);
  return {
    clusterId,
    managers: managers.map((name) => managerSight(world, name)),
    nodes: nodesOf(world, [
      ...managers.filter((name) => name !== target),
      ...managers.filter((name) => name === target),
    ]),
    workers: declaredWorkers(world),
    going: [],
    isRootRotationInProgress: world.isRotating,
    maxUnavailable: 1,
    services: {
      seen:
        world.poorSince === '' ? [] : [{ node: world.poorSince, sentence: 'service web is short' }],
    },
  };
}

/** What the provider's `planRollout` would see. */
export function rolloutFacts(world: World): RolloutFacts {
  const gate = gateFacts(world);
  const isMember = gate.managers.some(
    ({ info }) => isSeen(info) && info.seen.clusterId !== undefined,
  );
  return {
    managers: declaredManagers(world).map((name) => hostSight(world.machines[name], name)),
    gate: isMember ? gate : undefined,
    nodes: gate.nodes,
    vipHolder: world.vip === '' ? undefined : world.vip,
  };
}

function hostSight(machine: Machine | undefined, name: string): RolloutFacts['managers'][number] {
  if (machine === undefined || machine.os === '') return { name, swarm: 'absent', os: undefined };
  if (!answers(machine)) return { name, swarm: 'unknown', os: undefined };
  const swarm = !machine.hasEngine ? 'absent' : machine.memory === '' ? 'none' : 'member';
  return { name, swarm, os: machine.os };
}

function managerSight(world: World, name: string): ManagerSight {
  const address = addressOfNode(name);
  const machine = world.machines[name];
  if (machine === undefined || !answers(machine) || !machine.hasEngine) {
    return { name, address, info: noAnswer, managers: noAnswer };
  }
  const list = listOf(world, machine);
  const managers = isSeen(list)
    ? { seen: list.seen.filter(({ managerStatus }) => managerStatus !== undefined) }
    : list;
  return { name, address, info: { seen: infoOf(world, machine) }, managers };
}

function infoOf(world: World, machine: Machine): EngineInfo {
  const { name, memory, seat } = machine;
  if (memory === '') {
    const none = { localNodeState: 'inactive', isControlAvailable: false } as const;
    return engineInfo(name, { ...none, nodeId: '', clusterId: undefined });
  }
  const own = world.entries.find(({ id }) => id === memory);
  if (own === undefined || !own.isMember) {
    return engineInfo(name, { nodeId: memory, isControlAvailable: false, clusterId: undefined });
  }
  if (seat === 'stopped') return engineInfo(name, { nodeId: memory, isControlAvailable: false });
  if (seat === 'locked') {
    return engineInfo(name, { localNodeState: 'locked', isControlAvailable: false });
  }
  if (seat === 'foreign') return engineInfo(name, { nodeId: memory, clusterId: 'foreign' });
  return engineInfo(name, {
    nodeId: memory,
    error: world.leader === '' || seat === 'leaderless' ? 'The swarm does not have a leader.' : '',
  });
}

/** `GET /nodes` of a manager: the leader answers it, so without one nobody does. */
function listOf(world: World, machine: Machine): Sight<readonly SwarmNodeFacts[]> {
  const own = world.entries.find(({ id }) => id === machine.memory);
  if (own === undefined || !own.isMember) return { unseen: 'This node is not a swarm manager.' };
  if (
    world.leader === '' ||
    ['stopped', 'locked', 'leaderless', 'foreign'].includes(machine.seat)
  ) {
    return { unseen: 'The swarm does not have a leader.' };
  }
  const leader = machine.seat === 'split' ? own.id : world.leader;
  return {
    seen: world.entries
      .filter(({ hiddenFrom }) => !hiddenFrom.includes(machine.name))
      .map((entry) => nodeFacts(entry, leader)),
  };
}

function nodeFacts(entry: Entry, leader: string): SwarmNodeFacts {
  return {
    id: entry.id,
    version: 1,
    hostname: entry.name,
    address: entry.address,
    role: entry.role,
    availability: entry.availability,
    state: entry.state,
    labels: entry.labels,
    engineVersion: '20.10.24',
    managerStatus: entry.isMember
      ? {
          isLeader: entry.id === leader,
          reachability: entry.reachability,
          address: `${entry.address}:2377`,
        }
      : undefined,
  };
}

/** All nodes, as the first of these managers tells that is asked and in this swarm. */
function nodesOf(world: World, managers: readonly string[]): Sight<readonly SwarmNodeFacts[]> {
  const lists = managers.map((name) => {
    const machine = world.machines[name];
    const { info } = managerSight(world, name);
    const isOurs = isSeen(info) && info.seen.clusterId === clusterId;
    return machine === undefined || !isOurs ? noAnswer : listOf(world, machine);
  });
  return lists.find(isSeen) ?? { unseen: 'no manager answers' };
}

/** The list as the first manager that has one gives it; undefined: none does. */
export function askForNodes(world: World): readonly SwarmNodeFacts[] | undefined {
  const nodes = nodesOf(world, declaredManagers(world));
  return isSeen(nodes) ? nodes.seen : undefined;
}
