import { SwarmError } from '../../../core/errors';
import type { EngineInfo, LocalNodeState } from '../../../core/facts';
import type { DockerApi } from '../../../effects/docker';
import { clusterObjects } from './clusterObjects';
import { clusterNodes } from './clusterNodes';
import { archiveReferences } from './imageArchive';
import { fakeImages } from './fakeImages';
import { probe } from './fakeNetwork';
import { ingressFacts } from './ingress';
import { findNode, isEngineRunning, machineAt, offersAlpn, startUnit } from './machines';
import { forceNewCluster, initSwarm, joinSwarm, leaveSwarm, unlockSwarm } from './membership';
import { Delayed, endingSentence, lockedSentence, noLeaderSentence } from './refusals';
import { hasQuorum, keepsRaftLog } from './raft';
import { stackObjects } from './stackObjects';
import type { MachineState, Membership, WorldState } from './state';
import { timing } from './timing';
import { reach, type Action, type World } from './world';

/** One call on the engine of a machine, after we have seen that it answers. */
export type EngineCall = <T>(
  method: string,
  isChange: boolean,
  body: (state: WorldState, machine: MachineState) => T,
  takesMs?: number,
) => Promise<T>;

export function fakeDocker(world: World, key: string): DockerApi {
  const call: EngineCall = (method, isChange, body, takesMs) => {
    const action: Action = {
      operation: `docker.${method}`,
      host: key,
      isChange,
      ...(takesMs === undefined ? {} : { takesMs }),
    };
    return world.act(action, (state) => {
      const machine = reach(state, key);
      awaken(machine);
      return body(state, machine);
    });
  };
  return {
    version: () => call('version', false, (_, machine) => machine.engine.runningVersion ?? ''),
    info: async () => {
      const { info, delayMs } = await call('info', false, engineInfo);
      if (delayMs > 0) await world.clock.sleep(delayMs);
      return info;
    },
    listen: (wake) => world.events.listen(key, wake),
    swarmInit: (request) =>
      call('swarmInit', true, (state, machine) => initSwarm(state, machine, request), timing.join),
    forceNewCluster: () =>
      call(
        'forceNewCluster',
        true,
        (state, machine) => {
          forceNewCluster(state, machine);
        },
        timing.join,
      ),
    nodeCertificate: () =>
      world.act({ operation: 'docker.nodeCertificate', host: key, isChange: false }, (state) => {
        const membership = reach(state, key).engine.membership;
        if (membership === undefined || membership.nodeId === '') return undefined;
        const { clusterId, nodeId, isControlAvailable, localState, lockKey } = membership;
        // Only managers are ever locked; the certificate itself is not encrypted.
        const isManager = isControlAvailable || localState === 'locked';
        const isKeyEncrypted = lockKey !== undefined;
        return { clusterId, nodeId, role: isManager ? 'manager' : 'worker', isKeyEncrypted };
      }),
    hasRaftLog: () =>
      world.act({ operation: 'docker.hasRaftLog', host: key, isChange: false }, (state) => {
        const { membership } = reach(state, key).engine;
        return membership === undefined ? undefined : keepsRaftLog(membership, state.nowMs);
      }),
    offersAlpn: (address) =>
      world.act({ operation: 'docker.offersAlpn', host: key, isChange: false }, (state) => {
        const machine = reach(state, key);
        const isOpen = probe(state, machine, address, 2377) === 'open';
        if (isOpen) return offersAlpn(machineAt(state, address));
        throw new SwarmError(
          'ProbeFailed',
          `${key}: cannot try ${address}:2377 by TLS (Connection refused); whether it offers ALPN is not known; let sshd forward TCP (AllowTcpForwarding)`,
          { source: 'world' },
        );
      }),
    swarmJoin: (request) =>
      call(
        'swarmJoin',
        true,
        (state, machine) => {
          joinSwarm(state, machine, request);
        },
        timing.join,
      ),
    swarmLeave: ({ force }) =>
      call(
        'swarmLeave',
        true,
        (state, machine) => {
          leaveSwarm(state, machine, force);
        },
        timing.join,
      ),
    swarmUnlock: (key) =>
      call(
        'swarmUnlock',
        true,
        (state, machine) => {
          unlockSwarm(state, machine, key);
        },
        timing.join,
      ),
    ...clusterNodes(call),
    ...clusterObjects(call),
    ...stackObjects(call),
    ingressNetwork: () => call('ingressNetwork', false, ingressFacts),
    images: () => call('images', false, (_, machine) => machine.engine.images),
    loadImage: (localPath) =>
      call('loadImage', true, (_, machine) => {
        const references = archiveReferences(localPath);
        machine.engine.images = [...new Set([...machine.engine.images, ...references])];
      }),
    ...fakeImages(world, call),
    runContainerCheck: () =>
      call('runContainerCheck', true, (_, machine) => {
        const fault = machine.engine.containerFault;
        if (fault === undefined) return;
        throw new SwarmError(
          'ContainerCheckFailed',
          `${key}: its engine starts no container: ${fault}; nothing else was changed; mend the engine`,
          { source: 'world' },
        );
      }),
    localData: () =>
      call('localData', false, (_, machine) => ({
        volumes: Object.entries(machine.engine.volumes)
          .filter(([, files]) => files > 0)
          .map(([name]) => name),
        containers: machine.engine.containers,
      })),
  };
}

/** Socket activation, and the ways in which a socket does not answer. */
function awaken(machine: MachineState): void {
  const unreachable = (reason: string): SwarmError =>
    new SwarmError(
      'EngineUnreachable',
      `${machine.key}: the engine's socket does not answer: ${reason}; nothing was changed; look at docker.service there`,
      { source: 'world' },
    );
  if (machine.engine.isStuck) throw new Delayed(timing.engineApi, unreachable('timeout of 30 s'));
  if (isEngineRunning(machine)) return;
  if (machine.units['docker.socket']?.state !== 'active') {
    throw unreachable('no daemon listens on /var/run/docker.sock');
  }
  try {
    startUnit(machine, 'docker.service');
  } catch {
    throw unreachable('docker.service does not start');
  }
}

/** An engine is up only after it has waited for its swarm: `pending` is seen only where no leader can come. */
function ownState(
  state: WorldState,
  { localState, clusterId, nodeId, isCutOff }: Membership,
): LocalNodeState {
  const swarm = state.swarms[clusterId];
  if (localState !== 'pending' || isCutOff || swarm === undefined) return localState;
  return findNode(swarm, nodeId) !== undefined && hasQuorum(state, swarm) ? 'active' : localState;
}

function engineInfo(
  state: WorldState,
  machine: MachineState,
): { readonly info: EngineInfo; readonly delayMs: number } {
  const membership = machine.engine.membership;
  const isLocked = membership?.localState === 'locked';
  const outside: EngineInfo = {
    engineVersion: machine.engine.runningVersion ?? '',
    dataRoot: machine.engine.dataRoot,
    localNodeState: membership === undefined ? 'inactive' : ownState(state, membership),
    // Which node it is stands in what is locked; an engine that gave up does not say.
    nodeId: isLocked || membership?.localState === 'error' ? '' : (membership?.nodeId ?? ''),
    nodeAddress: membership?.address ?? '',
    isControlAvailable: membership?.isControlAvailable ?? false,
    error: isLocked ? lockedSentence : (membership?.error ?? ''),
    clusterId: undefined,
    managers: 0,
    nodes: 0,
    remoteManagers: membership?.remoteManagers ?? [],
  };
  const swarm = membership === undefined ? undefined : state.swarms[membership.clusterId];
  if (membership?.isControlAvailable !== true || swarm === undefined) {
    return { info: outside, delayMs: 0 };
  }
  if (!keepsRaftLog(membership, state.nowMs)) {
    return { info: { ...outside, error: endingSentence }, delayMs: 0 };
  }
  if (swarm.leader === undefined || membership.isCutOff) {
    return { info: { ...outside, error: noLeaderSentence }, delayMs: timing.withoutLeader };
  }
  const info = {
    ...outside,
    clusterId: swarm.clusterId,
    managers: swarm.members.length,
    nodes: swarm.nodes.length,
  };
  return { info, delayMs: 0 };
}
