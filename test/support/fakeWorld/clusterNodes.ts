import type { SwarmNodeFacts } from '../../../core/facts';
import type { DockerApi, NodeFilter } from '../../../effects/docker';
import type { EngineCall } from './fakeDocker';
import { findNode, isLive } from './machines';
import { canRemoveMember, keepsRaftLog, settleBehind } from './raft';
import { Delayed, noLeaderSentence, refusals, rpcError } from './refusals';
import {
  newUnlockKey,
  nextVersion,
  type MachineState,
  type NodeEntry,
  type SwarmState,
  type WorldState,
} from './state';
import { timing } from './timing';

type NodesApi = Pick<
  DockerApi,
  | 'swarm'
  | 'joinToken'
  | 'setSwarmLabels'
  | 'setSnapshotInterval'
  | 'setAutolock'
  | 'unlockKey'
  | 'nodes'
  | 'node'
  | 'updateNode'
  | 'removeNode'
>;

/** The swarm behind a manager's API. @throws DockerApiError as a worker, an outsider, or without a leader. */
export function managedSwarm(state: WorldState, machine: MachineState): SwarmState {
  const membership = machine.engine.membership;
  const swarm = membership === undefined ? undefined : state.swarms[membership.clusterId];
  if (membership === undefined || swarm === undefined) throw refusals.notManagerOutside();
  if (membership.localState === 'locked') throw refusals.locked();
  if (!membership.isControlAvailable) throw refusals.notManagerWorker();
  if (!keepsRaftLog(membership, state.nowMs)) throw refusals.ending();
  // A member that the others do not see sees no leader either.
  if (swarm.leader === undefined || !isLive(state, membership.nodeId)) {
    throw new Delayed(timing.withoutLeader, rpcError('Unknown', noLeaderSentence));
  }
  return swarm;
}

export function clusterNodes(call: EngineCall): NodesApi {
  return {
    swarm: () =>
      call('swarm', false, (state, machine) => {
        const swarm = managedSwarm(state, machine);
        return {
          clusterId: swarm.clusterId,
          version: swarm.version,
          labels: swarm.labels,
          isRootRotationInProgress: swarm.isRootRotationInProgress,
          isAutolocked: swarm.isAutolocked,
          snapshotInterval: swarm.snapshotInterval,
          addressPools: swarm.addressPools,
          subnetSize: swarm.subnetSize,
        };
      }),
    joinToken: (role) =>
      call('joinToken', false, (state, machine) => managedSwarm(state, machine).tokens[role]),
    setSwarmLabels: (labels) =>
      call('setSwarmLabels', true, (state, machine) => {
        const swarm = managedSwarm(state, machine);
        swarm.labels = { ...swarm.labels, ...labels };
        swarm.version = nextVersion(swarm);
      }),
    setSnapshotInterval: (entries, labels) =>
      call('setSnapshotInterval', true, (state, machine) => {
        const swarm = managedSwarm(state, machine);
        // A change back is snapshot as well: the interval of before it counts.
        settleBehind(state, swarm);
        swarm.snapshotInterval = entries;
        swarm.labels = { ...swarm.labels, ...labels };
        swarm.version = nextVersion(swarm);
      }),
    setAutolock: (isOn) =>
      call('setAutolock', true, (state, machine) => {
        const swarm = managedSwarm(state, machine);
        if (swarm.isAutolocked === isOn) return;
        swarm.isAutolocked = isOn;
        swarm.unlockKey = isOn ? newUnlockKey(state) : undefined;
        swarm.version = nextVersion(swarm);
      }),
    unlockKey: () =>
      call('unlockKey', false, (state, machine) => managedSwarm(state, machine).unlockKey),
    nodes: (filter) =>
      call('nodes', false, (state, machine) => {
        const swarm = managedSwarm(state, machine);
        return swarm.nodes
          .map((node) => nodeFacts(state, swarm, node))
          .filter((node) => filter === undefined || isListed(node, filter));
      }),
    node: (nodeId) =>
      call('node', false, (state, machine) => {
        const swarm = managedSwarm(state, machine);
        const node = findNode(swarm, nodeId);
        return node === undefined ? undefined : nodeFacts(state, swarm, node);
      }),
    updateNode: (nodeId, change) =>
      call('updateNode', true, (state, machine) => {
        const swarm = managedSwarm(state, machine);
        const node = findNode(swarm, nodeId);
        if (node === undefined) throw refusals.noSuchNode(nodeId);
        if (change.role === 'worker' && node.role === 'manager') mayDemote(state, swarm, node);
        // The leader looks at a role that is not as wanted yet when its entry is written.
        if (node.isDemotionPutOff) node.roleChangeDueMs = state.nowMs;
        node.role = change.role ?? node.role;
        node.availability = change.availability ?? node.availability;
        node.labels = change.labels === undefined ? node.labels : { ...change.labels };
        node.version = nextVersion(swarm);
      }),
    removeNode: (nodeId, { force }) =>
      call('removeNode', true, (state, machine) => {
        const swarm = managedSwarm(state, machine);
        const node = findNode(swarm, nodeId);
        if (node === undefined) throw refusals.noSuchNode(nodeId);
        if (swarm.members.includes(nodeId)) throw refusals.removeMember(nodeId);
        if (node.state === 'ready' && !force) throw refusals.removeReady(nodeId);
        swarm.nodes = swarm.nodes.filter((other) => other.id !== nodeId);
        swarm.tasks = swarm.tasks.filter((task) => task.nodeId !== nodeId);
      }),
  };
}

function isListed(node: SwarmNodeFacts, filter: NodeFilter): boolean {
  const { hostname, labels, role, managerStatus } = node;
  if ('name' in filter) return hostname !== '' && hostname.startsWith(filter.name);
  if ('label' in filter) return labels[filter.label] !== undefined;
  return role === 'manager' || managerStatus !== undefined;
}

function mayDemote(state: WorldState, swarm: SwarmState, node: NodeEntry): void {
  if (swarm.nodes.filter((other) => other.role === 'manager').length === 1) {
    throw refusals.lastManager();
  }
  if (!canRemoveMember(state, swarm, node.id)) throw refusals.quorumLoss();
}

function nodeFacts(
  state: WorldState,
  swarm: SwarmState,
  node: NodeEntry,
): Awaited<ReturnType<DockerApi['nodes']>>[number] {
  const isMember = swarm.members.includes(node.id);
  return {
    id: node.id,
    version: node.version,
    hostname: node.hostname,
    address: node.address,
    role: node.role,
    availability: node.availability,
    state: node.state,
    labels: node.labels,
    engineVersion: node.engineVersion,
    managerStatus: isMember
      ? {
          isLeader: swarm.leader === node.id,
          reachability: isLive(state, node.id) ? 'reachable' : 'unreachable',
          address: `${node.address}:2377`,
        }
      : undefined,
  };
}
