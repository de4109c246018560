import assert from 'node:assert/strict';
import type { IngressFacts, NodeRole, SwarmNodeFacts } from '../../core/facts';
import { overlayProbePort } from '../../core/overlay';
import type { ServiceSpec } from '../../core/service';
import { DockerApiError } from '../../effects/docker';
import type { ContractHost, ContractHosts } from './contractHosts';
import { pauseReference } from './pauseImage';

export async function refuses(
  call: Promise<unknown>,
  status: number,
  sentence: RegExp,
): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof DockerApiError, String(error));
    assert.match(error.message, sentence);
    assert.equal(error.statusCode, status, error.message);
    return true;
  });
}

export function initSwarm({ docker, address }: ContractHost): Promise<string> {
  return docker.swarmInit({
    advertiseAddress: address,
    availability: 'active',
    addressPools: ['10.20.0.0/16'],
    subnetSize: 26,
    labels: { purpose: 'contract' },
  });
}

export async function joinAs(
  host: ContractHost,
  contact: ContractHost,
  role: NodeRole,
): Promise<void> {
  await joinWithToken(host, contact, await contact.docker.joinToken(role), role);
}

export function joinWithToken(
  host: ContractHost,
  contact: ContractHost,
  token: string,
  role: NodeRole = 'worker',
): Promise<void> {
  return host.docker.swarmJoin({
    advertiseAddress: host.address,
    remoteAddress: `${contact.address}:2377`,
    token,
    availability: role === 'worker' ? 'drain' : 'active',
  });
}

export async function ownId({ docker }: ContractHost): Promise<string> {
  const { nodeId } = await docker.info();
  assert.notEqual(nodeId, '');
  return nodeId;
}

export async function findNode(
  manager: ContractHost,
  id: string,
): Promise<SwarmNodeFacts | undefined> {
  return (await manager.docker.nodes()).find((node) => node.id === id);
}

export async function nodeOf(manager: ContractHost, host: ContractHost): Promise<SwarmNodeFacts> {
  const node = await findNode(manager, await ownId(host));
  assert.ok(node !== undefined);
  return node;
}

export async function isReady(
  manager: ContractHost,
  host: ContractHost,
): Promise<string | undefined> {
  const { state } = await nodeOf(manager, host);
  return state === 'ready' ? undefined : state;
}

export async function isMember(
  manager: ContractHost,
  host: ContractHost,
): Promise<string | undefined> {
  const { managerStatus } = await nodeOf(manager, host);
  return managerStatus?.reachability === 'reachable' ? undefined : JSON.stringify(managerStatus);
}

/** From one engine to the other, while it comes. */
export async function copyImage(
  from: ContractHost,
  to: ContractHost,
  reference: string,
): Promise<void> {
  let last = 0;
  await from.docker.saveImage(
    reference,
    (bytes) => (last = bytes),
    (archive) => to.docker.loadArchive(archive),
  );
  assert.ok(last > 0);
}

/** An address on the ingress network comes a moment after the join. */
export async function ingressOf({ name, docker }: ContractHost): Promise<IngressFacts> {
  const found = await docker.ingressNetwork();
  assert.ok(found !== undefined, `${name} knows no ingress network`);
  return found;
}

/** What each end gets from the other over the ingress network, unless both get an answer. */
export async function overlayAnswers(
  a: ContractHost,
  b: ContractHost,
): Promise<string | undefined> {
  const [ofA, ofB] = await Promise.all([a.docker.ingressNetwork(), b.docker.ingressNetwork()]);
  if (ofA?.address === undefined || ofB?.address === undefined) return 'not attached yet';
  const [fromA, fromB] = await Promise.all([
    a.host.network.probeFromIngress(ofB.address, overlayProbePort),
    b.host.network.probeFromIngress(ofA.address, overlayProbePort),
  ]);
  return fromA === 'refused' && fromB === 'refused' ? undefined : `a: ${fromA}, b: ${fromB}`;
}

/** The raft members are exactly these, all reachable, and one of them leads. */
export async function membersAre(
  contact: ContractHost,
  wanted: readonly ContractHost[],
): Promise<string | undefined> {
  const members = (await contact.docker.nodes()).filter((node) => node.managerStatus !== undefined);
  const ids = await Promise.all(wanted.map(ownId));
  const isLed = members.some((node) => node.managerStatus?.isLeader === true);
  const areReachable = members.every((node) => node.managerStatus?.reachability === 'reachable');
  const areThese = members.length === ids.length && members.every((node) => ids.includes(node.id));
  return isLed && areReachable && areThese ? undefined : JSON.stringify(members);
}

export async function hasNoRaftLog({ docker }: ContractHost): Promise<string | undefined> {
  const hasLog = await docker.hasRaftLog();
  return hasLog === false ? undefined : String(hasLog);
}

export async function hasControl(
  { docker }: ContractHost,
  wanted: boolean,
): Promise<string | undefined> {
  const { isControlAvailable } = await docker.info();
  return isControlAvailable === wanted ? undefined : `control ${String(isControlAvailable)}`;
}

/** Exactly one running task on each of these, none elsewhere. */
export async function tasksRunOn(
  { a }: ContractHosts,
  serviceId: string,
  wanted: readonly ContractHost[],
): Promise<string | undefined> {
  const running = (await a.docker.tasks({ serviceId })).filter((task) => task.state === 'running');
  const seen = running.map((task) => task.nodeId).sort();
  const ids = (await Promise.all(wanted.map(ownId))).sort();
  return seen.join() === ids.join() ? undefined : `tasks on ${seen.join()}, not ${ids.join()}`;
}

export function pauseService(
  mode: ServiceSpec['mode'],
  name = 'contract-pause',
  constraints: readonly string[] = [],
): ServiceSpec {
  return {
    name,
    image: pauseReference,
    command: [],
    environment: {},
    mode,
    constraints,
    ports: [],
    endpointMode: 'dnsrr',
    stopGraceSeconds: 1,
    labels: { purpose: 'contract' },
  };
}

/** With its socket, or the next call would start it again. */
export async function stopEngine({ host }: ContractHost): Promise<void> {
  await host.systemd.stop('docker.socket');
  await host.systemd.stop('docker.service');
}

export async function startEngine({ host }: ContractHost): Promise<void> {
  await host.systemd.start('docker.socket');
  await host.systemd.start('docker.service');
}

/** Stops and starts an engine; its node is then in this state, or the answer is the one that it is in. */
export async function comesBack(
  host: ContractHost,
  wanted: 'locked' | 'active',
): Promise<string | undefined> {
  await stopEngine(host);
  await startEngine(host);
  const { localNodeState } = await host.docker.info();
  return localNodeState === wanted ? undefined : localNodeState;
}

/**
 * A manager that was taken out of raft while its engine was dead may enter again for a moment when it
 * starts, with the certificate that it still has, and stay a member that does not answer (seen once on
 * 20.10.24). It is promoted and demoted in order then: this story is about something else.
 */
export async function outOfRaftForGood(
  contact: ContractHost,
  host: ContractHost,
  wait: (seconds: number, what: string, look: () => Promise<string | undefined>) => Promise<void>,
): Promise<void> {
  const id = await ownId(host);
  const isOut = async (): Promise<string | undefined> =>
    (await findNode(contact, id))?.managerStatus === undefined ? undefined : 'still a member';
  for (let look = 0; look < 10; look += 1) {
    if ((await isOut()) !== undefined) {
      await contact.docker.updateNode(id, { role: 'manager' });
      await wait(90, 'a member again', () => isMember(contact, host));
      await wait(90, 'in control again', () => hasControl(host, true));
      await contact.docker.updateNode(id, { role: 'worker' });
      await wait(90, 'no member again', isOut);
      await wait(90, 'without control again', () => hasControl(host, false));
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

/**
 * Two members, one of them lost: what the survivor knows without a leader, after a restart too; then it is
 * made the only member. The lost one comes back to no swarm at all, leaves by force and joins again.
 */
export async function loseForGood(
  survivor: ContractHost,
  lost: ContractHost,
  worker: ContractHost,
  wait: (seconds: number, what: string, look: () => Promise<string | undefined>) => Promise<void>,
  /** An engine without a leader takes 20 s for each answer: only one of the survivors is asked for all. */
  hasTime: boolean,
): Promise<void> {
  const ids = { survivor: await ownId(survivor), lost: await ownId(lost) };
  const swarm = await survivor.docker.swarm();
  const services = (await survivor.docker.services()).map(({ id }) => id);
  const members = [
    { nodeId: ids.survivor, address: `${survivor.address}:2377` },
    { nodeId: ids.lost, address: `${lost.address}:2377` },
  ];
  const byId = (one: { nodeId: string }, other: { nodeId: string }): number =>
    one.nodeId.localeCompare(other.nodeId);
  const knowsMembers = async (): Promise<void> => {
    const info = await survivor.docker.info();
    assert.deepEqual([...info.remoteManagers].sort(byId), [...members].sort(byId));
    assert.deepEqual([info.nodeId, info.isControlAvailable], [ids.survivor, true]);
  };
  await stopEngine(lost);
  await wait(90, 'no leader', () => seesNoLeader(survivor));
  await knowsMembers();
  await stopEngine(survivor);
  const certificate = {
    ...{ clusterId: swarm.clusterId, nodeId: ids.survivor, role: 'manager' },
    isKeyEncrypted: false,
  };
  assert.deepEqual(await survivor.docker.nodeCertificate(), certificate);
  await startEngine(survivor);
  if (hasTime) {
    await wait(90, 'no leader after a restart', () => seesNoLeader(survivor));
    assert.equal((await survivor.docker.info()).localNodeState, 'pending');
    await knowsMembers();
  } else {
    await wait(90, 'in control again', () => hasControl(survivor, true));
  }

  await survivor.docker.forceNewCluster({ advertiseAddress: survivor.address });
  await wait(60, 'the survivor leads alone', () => membersAre(survivor, [survivor]));
  assert.equal(await ownId(survivor), ids.survivor);
  const { version: _, ...kept } = await survivor.docker.swarm();
  const { version: __, ...had } = swarm;
  assert.deepEqual(kept, had);
  assert.deepEqual(
    (await survivor.docker.services()).map(({ id }) => id),
    services,
  );
  const entry = await findNode(survivor, ids.lost);
  assert.deepEqual([entry?.role, entry?.managerStatus], ['manager', undefined]);
  await wait(60, 'it is its only address', async () => {
    const { remoteManagers } = await survivor.docker.info();
    return remoteManagers.length === 1 ? undefined : JSON.stringify(remoteManagers);
  });
  await wait(90, 'the worker is ready', () => isReady(survivor, worker));
  await assert.rejects(worker.docker.forceNewCluster({ advertiseAddress: worker.address }), {
    code: 'NotAManager',
  });
  await survivor.docker.removeNode(ids.lost, { force: true });

  await startEngine(lost);
  if (hasTime) {
    await wait(90, 'the lost one without a leader', () => seesNoLeader(lost));
    assert.equal((await lost.docker.info()).localNodeState, 'pending');
  }
  assert.equal((await lost.docker.nodeCertificate())?.nodeId, ids.lost);
  assert.equal(await membersAre(survivor, [survivor]), undefined);
  await lost.docker.swarmLeave({ force: true });
  assert.equal(await lost.docker.nodeCertificate(), undefined);
  await assert.rejects(lost.docker.forceNewCluster({ advertiseAddress: lost.address }), {
    code: 'NotAManager',
  });
  // Of two members the newcomer is needed for its own entry: it may not stay behind.
  await survivor.docker.setSnapshotInterval(1, {});
  await joinAs(lost, survivor, 'manager');
  await survivor.docker.setSnapshotInterval(10_000, {});
  await wait(60, 'a member again', () => isMember(survivor, lost));
  await wait(60, 'ready again', () => isReady(survivor, lost));
}

async function seesNoLeader({ docker }: ContractHost): Promise<string | undefined> {
  const { error, isControlAvailable } = await docker.info();
  return isControlAvailable && /does not have a leader/.test(error) ? undefined : error;
}
