import { nextIngressAddress } from './ingress';
import { asksForAlpn, isLive, machineOfNode, offersAlpn } from './machines';
import {
  nextVersion,
  type MachineState,
  type Membership,
  type NodeEntry,
  type SwarmState,
  type WorldState,
} from './state';
import { timing } from './timing';

/**
 * The fake's own arithmetic: on purpose not core/quorum.ts, so that a fault there is seen against an
 * independent twin.
 */
export function majority(members: number): number {
  return Math.floor(members / 2) + 1;
}

export function reachableMembers(state: WorldState, swarm: SwarmState): readonly string[] {
  return swarm.members.filter((id) => isLive(state, id));
}

/** swarmkit's `CanRemoveMember`. */
export function canRemoveMember(state: WorldState, swarm: SwarmState, nodeId: string): boolean {
  const others = reachableMembers(state, swarm).filter((id) => id !== nodeId).length;
  return others >= majority(swarm.members.length - 1) && hasQuorum(state, swarm);
}

export function hasQuorum(state: WorldState, swarm: SwarmState): boolean {
  return votingMembers(state, swarm).length >= majority(swarm.members.length);
}

/** Those that acknowledge entries and may lead. */
function votingMembers(state: WorldState, swarm: SwarmState): readonly string[] {
  return reachableMembers(state, swarm).filter(
    (id) => machineOfNode(state, id)?.engine.membership?.isBehind === false,
  );
}

/** Whether a machine that becomes a member now ignores the leader's last snapshot. */
export function leavesBehind(state: WorldState, swarm: SwarmState, machine: MachineState): boolean {
  const leader = swarm.leader === undefined ? undefined : machineOfNode(state, swarm.leader);
  const isOld = (engine: MachineState | undefined): boolean =>
    Number(engine?.engine.runningVersion?.split('.')[0]) < 23;
  return swarm.isLogCompacted && swarm.snapshotInterval > 1 && isOld(leader) && !isOld(machine);
}

/** One step of the swarm's own life up to `nowMs`: leader, roles, node states, what nodes know of themselves. */
export function stepSwarm(state: WorldState, swarm: SwarmState, nowMs: number): void {
  stepLeader(state, swarm, nowMs);
  settleBehind(state, swarm);
  if (swarm.leader !== undefined) {
    for (const node of swarm.nodes) {
      stepRole(state, swarm, node, nowMs);
      stepNodeState(state, node, nowMs);
    }
  }
  const members = swarm.nodes
    .filter(({ id }) => swarm.members.includes(id))
    .map(({ id, address }) => ({ nodeId: id, address: `${address}:2377` }));
  const listed = new Set(swarm.nodes.map(({ id }) => id));
  for (const machine of Object.values(state.machines)) {
    const membership = machine.engine.membership;
    if (membership?.clusterId !== swarm.clusterId || !isLive(state, membership.nodeId)) continue;
    if (swarm.leader !== undefined) {
      membership.remoteManagers = members;
      membership.lockKey = swarm.members.includes(membership.nodeId) ? swarm.unlockKey : undefined;
      if (listed.has(membership.nodeId)) membership.localState = 'active';
    }
    const isMember = swarm.members.includes(membership.nodeId);
    if (isMember === membership.isControlAvailable) membership.controlChangeDueMs = undefined;
    else if (membership.controlChangeDueMs === undefined) {
      membership.controlChangeDueMs = nowMs + timing.ownControl;
    } else if (nowMs >= membership.controlChangeDueMs) {
      membership.isControlAvailable = isMember;
      membership.controlChangeDueMs = undefined;
    }
  }
}

/** Its log goes as soon as it knows that it is out; its own control later. */
export function keepsRaftLog(
  { isControlAvailable, controlChangeDueMs: dueMs, localState }: Membership,
  nowMs: number,
): boolean {
  // Before it is in control, it is a member that has just been promoted.
  if (!isControlAvailable) return dueMs !== undefined || localState === 'locked';
  return dueMs === undefined || nowMs < dueMs - timing.ownControl + timing.ownLog;
}

/** Members get the log as soon as the leader's last snapshot lists them. */
export function settleBehind(state: WorldState, swarm: SwarmState): void {
  if (swarm.leader === undefined) return;
  for (const id of reachableMembers(state, swarm)) {
    const machine = machineOfNode(state, id);
    const membership = machine?.engine.membership;
    if (machine !== undefined && membership !== undefined && !leavesBehind(state, swarm, machine)) {
      membership.isBehind = false;
    }
  }
}

function stepLeader(state: WorldState, swarm: SwarmState, nowMs: number): void {
  const reachable = votingMembers(state, swarm);
  if (!hasQuorum(state, swarm)) {
    swarm.leader = undefined;
    swarm.electionDueMs = undefined;
    return;
  }
  if (swarm.leader !== undefined && reachable.includes(swarm.leader)) return;
  swarm.leader = undefined;
  swarm.electionDueMs ??= nowMs + timing.election;
  const next = reachable[0];
  if (nowMs >= swarm.electionDueMs && next !== undefined) becomeLeader(swarm, next, nowMs);
}

export function becomeLeader(swarm: SwarmState, nodeId: string, nowMs: number): void {
  swarm.leader = nodeId;
  swarm.electionDueMs = undefined;
  for (const node of swarm.nodes) {
    if (node.state === 'down') continue;
    node.state = 'unknown';
    node.unknownUntilMs = nowMs + timing.unknownAfterElection;
    node.lastSeenMs = nowMs;
    node.version = nextVersion(swarm);
  }
}

function stepRole(state: WorldState, swarm: SwarmState, node: NodeEntry, nowMs: number): void {
  const isMember = swarm.members.includes(node.id);
  const isWanted = node.role === 'manager';
  if (swarm.staleMembers.includes(node.id)) {
    if (!isWanted) return;
    swarm.staleMembers = swarm.staleMembers.filter((id) => id !== node.id);
    node.version = nextVersion(swarm);
  }
  if (isMember === isWanted) {
    node.roleChangeDueMs = undefined;
    node.isDemotionPutOff = false;
    return;
  }
  if (isWanted && !isLive(state, node.id)) return;
  if (node.roleChangeDueMs === undefined) {
    const isLeader = swarm.leader === node.id;
    const delay = isLeader ? timing.leadershipTransfer : timing.demote;
    node.roleChangeDueMs = nowMs + (isWanted ? timing.promote : delay);
    return;
  }
  if (nowMs < node.roleChangeDueMs) return;
  const machine = machineOfNode(state, node.id);
  const membership = machine?.engine.membership;
  const isKept = swarm.members.some((id) => offersAlpn(machineOfNode(state, id)));
  if (isWanted && machine !== undefined && asksForAlpn(machine) && !isKept) return;
  // The role is a part of the certificate.
  if (membership !== undefined) membership.hasNewCertificate = true;
  if (isWanted) {
    swarm.members.push(node.id);
    if (machine !== undefined && membership !== undefined) {
      membership.isBehind = leavesBehind(state, swarm, machine);
    }
    return;
  }
  const successor = votingMembers(state, swarm).find((id) => id !== node.id);
  if (state.refusedDemotions > 0 || !canRemoveMember(state, swarm, node.id)) {
    state.refusedDemotions = Math.max(0, state.refusedDemotions - 1);
    node.roleChangeDueMs = nowMs + timing.demoteRetry;
    node.isDemotionPutOff = true;
    return;
  }
  if (swarm.leader === node.id && successor !== undefined) becomeLeader(swarm, successor, nowMs);
  swarm.members = swarm.members.filter((id) => id !== node.id);
}

function stepNodeState(state: WorldState, node: NodeEntry, nowMs: number): void {
  if (isLive(state, node.id)) {
    if (nowMs < node.unknownUntilMs) return;
    node.state = 'ready';
    node.lastSeenMs = nowMs;
    const machine = machineOfNode(state, node.id);
    node.engineVersion = machine?.engine.runningVersion ?? node.engineVersion;
    node.hostname = machine?.hostname ?? node.hostname;
    return;
  }
  const patience = node.state === 'unknown' ? timing.downFromUnknown : timing.down;
  if (nowMs - node.lastSeenMs >= patience) node.state = 'down';
}

/** Adds a node as a join does. */
export function addNode(
  swarm: SwarmState,
  node: Pick<NodeEntry, 'id' | 'hostname' | 'address' | 'role' | 'availability' | 'engineVersion'>,
  nowMs: number,
): void {
  swarm.nodes.push({
    ...node,
    ingressAddress: nextIngressAddress(swarm),
    joinedMs: nowMs,
    version: nextVersion(swarm),
    labels: {},
    state: 'ready',
    lastSeenMs: nowMs,
    unknownUntilMs: 0,
    roleChangeDueMs: undefined,
    isDemotionPutOff: false,
  });
  if (node.role === 'manager') swarm.members.push(node.id);
}
