import { SwarmError } from '../../../core/errors';
import type { NodeRole } from '../../../core/facts';
import type { SwarmInitRequest, SwarmJoinRequest } from '../../../effects/docker';
import { asksForAlpn, isEngineRunning, machineAt, offersAlpn } from './machines';
import {
  addNode,
  becomeLeader,
  hasQuorum,
  keepsRaftLog,
  leavesBehind,
  majority,
  reachableMembers,
} from './raft';
import { Delayed, leaveRefusal, noLeaderSentence, refusals, rpcError } from './refusals';
import { newId, type MachineState, type SwarmState, type WorldState } from './state';
import { timing } from './timing';

/** The swarm's port for managers. */
const port = ':2377';

export function initSwarm(
  state: WorldState,
  machine: MachineState,
  request: SwarmInitRequest,
): string {
  if (machine.engine.membership !== undefined) throw refusals.alreadyInSwarm();
  const clusterId = newId(state);
  const nodeId = newId(state);
  const digest = newId(state) + newId(state);
  const swarm: SwarmState = {
    clusterId,
    version: 1,
    lastVersion: 10,
    labels: { ...request.labels },
    // As the real one answers until it starts anew; from then on with its defaults.
    addressPools: [...request.addressPools],
    subnetSize: request.subnetSize ?? 0,
    isAutolocked: false,
    unlockKey: undefined,
    isRootRotationInProgress: false,
    snapshotInterval: 10_000,
    isLogCompacted: false,
    tokens: {
      manager: `SWMTKN-1-${digest}-${newId(state)}`,
      worker: `SWMTKN-1-${digest}-${newId(state)}`,
    },
    hasIngress: true,
    networks: [],
    ingressAddresses: 0,
    leader: nodeId,
    electionDueMs: undefined,
    members: [],
    staleMembers: [],
    nodes: [],
    services: [],
    tasks: [],
    configs: [],
    secrets: [],
  };
  state.swarms[clusterId] = swarm;
  enter(state, machine, swarm, nodeId, 'manager', request.advertiseAddress, request.availability);
  return nodeId;
}

/** The only member from now on; the machines of the others remember a raft that is no more. */
export function forceNewCluster(state: WorldState, machine: MachineState): void {
  const membership = machine.engine.membership;
  const swarm = membership === undefined ? undefined : state.swarms[membership.clusterId];
  if (membership?.isControlAvailable !== true || swarm === undefined || membership.isCutOff) {
    throw refusals.notAManager(machine.key);
  }
  if (membership.lockKey !== undefined) throw refusals.autolocked(machine.key);
  for (const other of Object.values(state.machines)) {
    const memory = other.engine.membership;
    if (memory === undefined || memory === membership) continue;
    if (swarm.members.includes(memory.nodeId)) memory.isCutOff = true;
  }
  swarm.members = [membership.nodeId];
  // Of the others' nodes nobody asks any more whether they are wanted as managers: see `stepRole`.
  becomeLeader(swarm, membership.nodeId, state.nowMs);
}

/** @throws Delayed when the remote manager does not answer: the join then goes on in the background. */
export function joinSwarm(
  state: WorldState,
  machine: MachineState,
  request: SwarmJoinRequest,
): void {
  if (machine.engine.membership !== undefined) throw refusals.alreadyInSwarm();
  if (!/^SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}$/.test(request.token)) throw refusals.malformedToken();
  const attempt = findContact(state, machine, request.remoteAddress);
  if (attempt === 'silent') {
    machine.engine.membership = {
      clusterId: '',
      nodeId: '',
      address: request.advertiseAddress,
      localState: 'pending',
      isControlAvailable: false,
      controlChangeDueMs: undefined,
      error: '',
      remoteManagers: [],
      isCutOff: false,
      isBehind: false,
      hasNewCertificate: false,
      lockKey: undefined,
      pendingJoin: {
        remoteAddress: request.remoteAddress,
        token: request.token,
        availability: request.availability,
        retryMs: state.nowMs + timing.joinTimeout + timing.joinRetry,
      },
    };
    throw new Delayed(timing.joinTimeout, refusals.joinTimeout());
  }
  if (attempt === 'refused') throw refusals.joinRefused(request.remoteAddress);
  const contact = machineAt(state, addressOf(request.remoteAddress));
  if (asksForAlpn(machine) && !offersAlpn(contact)) throw refusals.joinAlpn();
  const role = roleOfToken(attempt, request.token);
  if (attempt.leader === undefined) {
    throw new Delayed(timing.withoutLeader, rpcError('Unknown', noLeaderSentence));
  }
  const nodeId = newId(state);
  enter(state, machine, attempt, nodeId, role, request.advertiseAddress, request.availability);
  // Of two members the new one is needed for its own entry, and does not see it.
  if (!hasQuorum(state, attempt)) throw new Delayed(timing.joinTimeout, refusals.joinTimeout());
}

export function leaveSwarm(state: WorldState, machine: MachineState, isForced: boolean): void {
  const membership = machine.engine.membership;
  if (membership === undefined) throw refusals.notInSwarm();
  if (membership.localState === 'locked' && !isForced) throw refusals.leaveLocked();
  const swarm = state.swarms[membership.clusterId];
  if (keepsRaftLog(membership, state.nowMs) && !isForced) {
    const all = swarm?.members.length ?? 1;
    const reachable = swarm === undefined ? 1 : reachableMembers(state, swarm).length;
    const isLosing = swarm?.leader !== undefined && reachable - 1 < majority(all);
    throw leaveRefusal({
      isLast: isLosing && all === 1,
      reachable: isLosing ? reachable - 1 : undefined,
      all,
    });
  }
  machine.engine.membership = undefined;
}

/** The manager comes back with the raft state that it had; that it leads or follows is seen from then on. */
export function unlockSwarm(state: WorldState, machine: MachineState, key: string): void {
  const membership = machine.engine.membership;
  if (membership === undefined) throw refusals.notManagerOutside();
  if (membership.localState !== 'locked') {
    throw membership.isControlAvailable ? refusals.notLocked() : refusals.notManagerWorker();
  }
  if (!/^SWMKEY-1-[A-Za-z0-9+/]{43}$/.test(key)) throw refusals.malformedKey();
  if (key !== membership.lockKey) throw refusals.wrongKey();
  membership.localState = 'pending';
  membership.isControlAvailable = true;
  // The answer comes when there is a leader; until then the manager waits for others to be unlocked.
  const swarm = state.swarms[membership.clusterId];
  if (swarm !== undefined && hasQuorum(state, swarm)) return;
  throw new Delayed(
    timing.unlock,
    new SwarmError(
      'EngineUnreachable',
      `${machine.key}: its Docker Engine does not answer (no answer to POST /swarm/unlock within 60 s)`,
    ),
  );
}

/** Joins that timed out go on by themselves. */
export function retryJoins(state: WorldState, nowMs: number): void {
  for (const machine of Object.values(state.machines)) {
    const membership = machine.engine.membership;
    const pending = membership?.pendingJoin;
    if (membership === undefined || pending === undefined || nowMs < pending.retryMs) continue;
    if (!isEngineRunning(machine)) continue;
    const swarm = findContact(state, machine, pending.remoteAddress);
    if (typeof swarm === 'string' || swarm.leader === undefined) {
      pending.retryMs = nowMs + timing.joinRetry;
      continue;
    }
    const role = roleOfToken(swarm, pending.token);
    const address = membership.address;
    enter(state, machine, swarm, newId(state), role, address, pending.availability);
  }
}

function addressOf(remoteAddress: string): string {
  return remoteAddress.endsWith(port) ? remoteAddress.slice(0, -port.length) : '';
}

function findContact(
  state: WorldState,
  from: MachineState,
  remoteAddress: string,
): SwarmState | 'silent' | 'refused' {
  const contact = machineAt(state, addressOf(remoteAddress));
  const isSilent =
    contact === undefined || !contact.isOn || contact.link === 'cut' || from.link === 'cut';
  if (isSilent || contact.blockedPorts.includes(2377)) return 'silent';
  const membership = contact.engine.membership;
  if (!isEngineRunning(contact) || membership?.isControlAvailable !== true) return 'refused';
  if (!keepsRaftLog(membership, state.nowMs)) return 'refused';
  return state.swarms[membership.clusterId] ?? 'refused';
}

function roleOfToken(swarm: SwarmState, token: string): NodeRole {
  if (token === swarm.tokens.manager) return 'manager';
  if (token === swarm.tokens.worker) return 'worker';
  throw refusals.invalidToken();
}

function enter(
  state: WorldState,
  machine: MachineState,
  swarm: SwarmState,
  nodeId: string,
  role: NodeRole,
  address: string,
  availability: SwarmJoinRequest['availability'],
): void {
  machine.engine.membership = {
    clusterId: swarm.clusterId,
    nodeId,
    address,
    localState: 'active',
    isControlAvailable: role === 'manager',
    controlChangeDueMs: undefined,
    error: '',
    remoteManagers: [],
    isCutOff: false,
    isBehind: role === 'manager' && leavesBehind(state, swarm, machine),
    hasNewCertificate: false,
    lockKey: undefined,
    pendingJoin: undefined,
  };
  const engineVersion = machine.engine.runningVersion ?? '';
  addNode(
    swarm,
    { id: nodeId, hostname: machine.hostname, address, role, availability, engineVersion },
    state.nowMs,
  );
}
