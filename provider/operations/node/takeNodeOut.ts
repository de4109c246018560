import { backupMarkPath } from '../../../core/backup';
import { SwarmError, errorMessage } from '../../../core/errors';
import type { Sight, SwarmNodeFacts } from '../../../core/facts';
import { isSeen } from '../../../core/facts';
import type { SwarmLook } from '../../../core/recentLook';
import { steps } from '../../../core/steps';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { drainNode } from '../balancer/drainNode';
import { fetchEngineDue } from '../host/fetchEngineDue';
import { backUpAfterDrain, backUpBeforeDrain } from '../backup/backUpRaft';
import { deletePurpose } from '../swarm/consent';
import { declaredNow } from '../ask/declaredNow';
import type { DeclaredNow } from '../ask/declaredNow';
import { isMoveFailed, moveTasks } from '../move/moveTasks';
import { endRebalance } from '../move/endRebalance';
import { drain, setAvailability, undoDrain } from './drain';
import { noteEnded } from '../swarm/endedSwarms';
import { evictUndeclared } from '../swarm/evictUndeclared';
import { forgetKept } from '../gate/forgetKept';
import { look } from '../gate/gatherGateFacts';
import { withHostLock } from '../hold/hostLock';
import { interruptedBackups, startInterrupted } from '../backup/interruptedBackup';
import { keepBaseline } from '../gate/keepBaseline';
import { withLease } from '../hold/lease';
import type { Lease } from '../hold/lease';
import { hostStanding, isOutside } from '../ask/hostStanding';
import { askManager } from '../ask/managers';
import { removeMarker } from '../ask/markers';
import { accessOf, timeoutsOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';
import { lastManager, passGate } from '../gate/passGate';
import { archiveSwarm } from '../outage/archiveSwarm';
import { pendingRestore } from '../outage/pendingRestore';
import { seenOutOfRaft } from './ownDemotion';
import { refuseLocalData } from './refuseLocalData';
import { resourceLabel } from './putNodeIn';
import { catchUpMembers } from '../swarm/raftSnapshots';
import { callStandIn } from './standIn';
import { demoteAndWait, findEntry, leave, removeEntry } from './takeOut';
import { unlockDeclared } from '../swarm/swarmKeys';
import { beginTurn } from '../turn/turn';
import { isTimedOut, waitUntil } from '../ask/waitUntil';
import { awaitVipStopped } from '../vip/stopVip';

/**
 * Takes a node out of its swarm: gate, drain, demotion, leave, removal by ID. Looks at the world
 * before each step, so that it may be repeated after any interruption, and does nothing to what is
 * not its own: the host may be silent, rebuilt, or taken over by a later Create.
 */
export async function takeNodeOut(
  id: string,
  nodeId: string,
  before: NodeInputs,
  operation: Operation,
): Promise<void> {
  const access = accessOf(before);
  const purpose = await deletePurpose(operation, access);
  const host = await look(() => operation.effects.hosts.connect(before.connection));
  if (purpose === 'gone') {
    operation.log(
      'warning',
      `${before.name}: no manager is in the swarm any more, nothing is left to take it out of`,
    );
    await forgetSwarm(operation, isSeen(host) ? host.seen : undefined, nodeId, id, before);
    return;
  }
  if (await isArchived(operation, before, nodeId)) {
    if (isSeen(host)) await removeMarks(host.seen, id, before);
    return;
  }
  const declared = await declaredNow(operation, before);
  const { spec } = declared;
  if (!isSeen(host)) {
    operation.log(
      'warning',
      `${spec.name} does not answer (${host.unseen}): what is on it may remain there`,
    );
  }
  const machine = isSeen(host) ? host.seen : undefined;
  const entry = await findEntry(operation, access, nodeId, [spec.name]);
  if (entry === undefined) {
    await forgetSwarm(operation, machine, nodeId, id, spec);
    if (purpose === 'roll') await forgetKept(operation, access, spec.name);
    return;
  }
  const owner = entry.labels[resourceLabel];
  if (owner !== undefined && owner !== id) {
    operation.log(
      'info',
      `${spec.name}: its entry belongs to a later Create by now; left as it is`,
    );
    return;
  }
  if (machine !== undefined && spec.role === 'manager') await wakeUp(operation, spec);
  const own = await machineOrDown(operation, spec, entry.id);
  if (own !== undefined && purpose !== 'destroy' && declared.engineDue !== undefined) {
    await fetchEngineDue(operation, own, spec.name, declared.engineDue);
  }
  const members = await memberCount(operation, spec);
  const isAlone = entry.managerStatus !== undefined && members === 1;
  if (isAlone && purpose !== 'destroy' && declared.standIn === undefined) {
    const { isOutageAllowed, backup } = declared;
    if (!isOutageAllowed || backup === undefined) throw lastManager(spec.name);
    if (own === undefined) throw silentSwarm(spec.name);
    await archiveSwarm({ operation, ...declared, entry, machine: own, backup });
    await removeMarks(own, id, spec);
    return;
  }
  if (isAlone && purpose === 'destroy') {
    await endSwarm(operation, spec, own, id);
    return;
  }
  const { gate } = timeoutsOf(spec);
  const what = `take ${spec.role} ${spec.name} out`;
  const going = {
    ...{ operation, ...declared, entry, isAlone, host: machine, machine: own },
    isDestroy: purpose === 'destroy',
  };
  const worker = await withLease(operation, access, what, gate, async (lease) => {
    const gone = await out({ ...going, lease });
    if (gone === undefined || !isManager(gone.entry)) return gone;
    await leaveAndRemove(going, gone.entry, lease);
    return undefined;
  });
  // It takes no vote with it, and every gate counts it as out by now: others of its batch go meanwhile.
  if (worker !== undefined) {
    await worker.drained;
    await leaveAndRemove(going, worker.entry, operation);
  }
  if (own !== undefined) await removeMarks(own, id, spec);
  if (purpose === 'roll') await forgetKept(operation, access, spec.name);
}

/**
 * Whether an interrupted run brought this very node, the only manager, into its archive: then nobody is there to
 * be asked, and nothing is left to be done. As long as its host has the raft state, that is the swarm.
 *
 * @throws SwarmError `EngineUnknown` when that cannot be seen; nothing was touched.
 */
async function isArchived(
  operation: Operation,
  { name, clusterId, connection }: NodeInputs,
  nodeId: string,
): Promise<boolean> {
  const found = await pendingRestore(operation, clusterId);
  if (found?.pending.nodeId !== nodeId) return false;
  const standing = await hostStanding(operation, connection);
  if (standing.kind === 'unknown') {
    throw new SwarmError(
      'EngineUnknown',
      `${name}: ${standing.why}; whether its raft state is still on it, or in ${found.archive} only, cannot be seen, and nothing was touched; bring it back and run \`pulumi up\` again`,
      { source: 'world' },
    );
  }
  return isOutside(standing);
}

/** What is on its disk is the swarm, and nobody can bring it into an archive. */
function silentSwarm(name: string): SwarmError {
  return new SwarmError(
    'EngineUnknown',
    `${name}: it is the only manager, and it does not answer, so that its swarm cannot be archived; nothing was touched; bring it back and run \`pulumi up\` again`,
    { source: 'world' },
  );
}

/**
 * Its engine as it should be: not left stopped by an interrupted backup, and not locked. One that no key
 * opens is taken out as a node that is down.
 */
async function wakeUp(operation: Operation, spec: NodeInputs): Promise<void> {
  const { name, address, connection } = spec;
  const interrupted = await interruptedBackups(operation, [{ name, address, connection }]);
  await startInterrupted(operation, accessOf(spec), interrupted, timeoutsOf(spec).gate);
  await unlockDeclared(operation, accessOf(spec), {}, undefined, [name]).catch((error: unknown) => {
    operation.log('warning', errorMessage(error));
  });
}

/**
 * The host, to be acted on as this node; undefined when the swarm has seen the node down. Between the two
 * nothing may begin: a node that the swarm sees alive, and that cannot be made to leave, would be left
 * drained and demoted.
 *
 * @throws SwarmError `TimedOut`; nothing was touched.
 */
async function machineOrDown(
  operation: Operation,
  spec: NodeInputs,
  nodeId: string,
): Promise<Host | undefined> {
  let machine: Host | undefined;
  await waitUntil(operation, 'the node answers, or is seen down', 60, async () => {
    const host = await look(() => operation.effects.hosts.connect(spec.connection));
    const own = await look(() => ownMachine(host, nodeId));
    if (isSeen(own)) {
      machine = own.seen;
      return true;
    }
    const entry = await findEntry(operation, accessOf(spec), nodeId, [spec.name]);
    if (entry === undefined || entry.state === 'down' || entry.state === 'disconnected') {
      operation.log('warning', `${spec.name}: ${own.unseen}; the host itself is left alone`);
      return true;
    }
    return `the swarm sees it ${entry.state}, and it cannot be made to leave: ${own.unseen}; nothing was touched`;
  });
  return machine;
}

/** The host, if its engine answers and is this node or none: not another node by now. */
async function ownMachine(host: Sight<Host>, nodeId: string): Promise<Host> {
  if (!isSeen(host)) throw new Error(`it does not answer (${host.unseen})`);
  const info = await host.seen.docker.info();
  if (info.localNodeState === 'inactive' || info.nodeId === nodeId) return host.seen;
  throw new Error(`it is node ${info.nodeId} now`);
}

interface Going extends DeclaredNow {
  readonly operation: Operation;
  readonly entry: SwarmNodeFacts;
  /** It is the only member: nobody's gate can be asked before somebody stands in. */
  readonly isAlone: boolean;
  /** Whatever answers at the node's address: its data is at stake. */
  readonly host: Host | undefined;
  /** The same, if it is this very node: it may be made to leave. */
  readonly machine: Host | undefined;
  readonly lease: Lease;
  readonly isDestroy: boolean;
}

/** A node that is on its way out. */
interface Gone {
  /** As it was before its drain. */
  readonly entry: SwarmNodeFacts;
  /** When it is empty, and its replicas run elsewhere. */
  readonly drained: Promise<void>;
}

function isManager({ managerStatus, role }: SwarmNodeFacts): boolean {
  return managerStatus !== undefined || role === 'manager';
}

/**
 * Whether it may be drained while others are. Tasks that are moved before a drain are moved off one node at a time, and a hook may
 * look at services, which are to be whole then.
 */
function mayGoBeside({ entry, spec, isDestroy, isStartFirst, hasHooks }: Going): boolean {
  return !isDestroy && !isStartFirst && !hasHooks && spec.role === 'worker' && !isManager(entry);
}

/** Drained, or being so beside others; and no manager any more, if it was one. Undefined: somebody has removed it. */
async function out(going: Going): Promise<Gone | undefined> {
  const { operation, spec, machine, lease, isDestroy } = going;
  const access = accessOf(spec);
  const timeouts = timeoutsOf(spec);
  if (isDestroy && going.entry.managerStatus !== undefined) {
    // Nobody is declared any more. A silent member would make the leader refuse every demotion but its own.
    await evictUndeclared(operation, access, { managers: [spec.name], workers: [] });
  }
  if (!isDestroy) {
    // An interrupted run's: under its constraint nothing may become active again.
    await endRebalance({ operation, access, avoid: [spec.name] }, timeouts.drain);
    const look = await lease.step(steps.gate(spec.name), async () => {
      const seen = going.isAlone ? undefined : await passNodeGate(going);
      await refuseLocalData(operation, access, spec, going.host);
      return seen;
    });
    await beginTurn(operation, lease, spec, going);
    // Behind the hook, which may have changed services itself: no gate before one gives its look away.
    await keepBaseline({ ...going, look });
  }
  if (going.entry.managerStatus !== undefined && !going.isAlone) {
    await catchUpMembers(operation, access, spec.name);
  }
  if (!isDestroy) await standIn(going);
  const leaving = { ...going, passGateAgain: () => passGateAgain(going) };
  await backUpBeforeDrain(leaving);
  // Lease and gate may have taken minutes.
  const entry = await findEntry(operation, access, going.entry.id, [spec.name]);
  if (entry === undefined) return undefined;
  if (!isDestroy) {
    // Its own balancer was stopped before this resource's turn, or goes with the node.
    const managers = spec.managers.filter(({ name }) => name !== spec.name);
    const server = { name: spec.name, managers, isAlive: machine !== undefined };
    await drainNode(operation, server, (sentence, action) => lease.step(sentence, action));
  }
  if (!isDestroy && going.isStartFirst && entry.state !== 'down') {
    await lease.step(steps.moveTasks(spec.name), () => moveOff({ ...going, entry }));
  }
  // What a node ran that an interrupted run has drained is not known: the whole of the services is waited for, with nobody beside.
  if (mayGoBeside({ ...going, entry }) && entry.availability !== 'drain') {
    return { entry, ...(await beginDrain({ ...going, entry })) };
  }
  await Promise.all([
    lease.step(steps.drain(spec.name), () => drain({ ...going, entry })),
    // Its VipMember, which went before, has only begun it.
    isManager(entry) && machine !== undefined && awaitVipStopped(operation, machine),
  ]);
  await backUpAfterDrain({ ...leaving, entry });
  if (isManager(entry)) await lease.step(steps.demote(spec.name), () => demote(going, entry));
  return { entry, drained: Promise.resolve() };
}

/** Until the swarm shows that the node is drained, so that the next one's gate counts with it. Its drain goes on. */
async function beginDrain(going: Going): Promise<Pick<Gone, 'drained'>> {
  let onBegun = (): void => undefined;
  const begun = new Promise<void>((resolve) => (onBegun = resolve));
  const drained = going.lease.step(steps.drain(going.spec.name), () =>
    drain({ ...going, onBegun }),
  );
  await Promise.race([begun, drained]);
  // It may fail while the lease is given back, before anybody waits for it.
  drained.catch(() => undefined);
  return { drained };
}

async function leaveAndRemove(
  { operation, spec, machine }: Omit<Going, 'lease'>,
  { id }: SwarmNodeFacts,
  holder: Pick<Operation, 'step'>,
): Promise<void> {
  const timeoutSeconds = timeoutsOf(spec).leave;
  if (machine !== undefined) {
    await holder.step(steps.leave(spec.name), () => leave(operation, machine, timeoutSeconds));
  }
  await holder.step(steps.remove(spec.name), () =>
    // A silent node turns Down only when its heartbeat lapses, at the latest six beats of 5 s later.
    removeEntry(operation, accessOf(spec), id, {
      hasLeft: machine !== undefined,
      timeoutSeconds: timeoutSeconds + 60,
    }),
  );
}

/** A move that fails leaves the node as it was. */
async function moveOff(going: Going): Promise<void> {
  const { operation, spec, entry } = going;
  const { id: nodeId } = entry;
  try {
    await moveTasks({
      ...{ operation, access: accessOf(spec), avoid: [spec.name], name: spec.name, nodeId },
      timeoutSeconds: timeoutsOf(spec).drain,
      pause: () => setAvailability(going, 'pause'),
    });
  } catch (error) {
    if (isMoveFailed(error)) {
      // What cannot be undone now is undone by the next run, which finds the mark.
      await undoDrain(going).catch((fault: unknown) => {
        operation.log('warning', `${spec.name} is left paused: ${errorMessage(fault)}`);
      });
    }
    throw error;
  }
}

/** The members have changed with the one that stands in, so that the gate is asked once more. */
async function standIn(going: Going): Promise<void> {
  const { operation, spec, lease, workers } = going;
  if (going.standIn === undefined || going.entry.managerStatus === undefined) return;
  await callStandIn(operation, spec, going.standIn, workers, lease);
  await passGateAgain(going);
}

async function passGateAgain(going: Going): Promise<void> {
  await going.lease.step(steps.gate(going.spec.name), () => passNodeGate(going));
}

/** A demotion that the leader refuses leaves the node as it was: a manager, and available. */
async function demote(going: Going, entry: SwarmNodeFacts): Promise<void> {
  const { operation, spec, machine } = going;
  const access = accessOf(spec);
  const timeoutSeconds = timeoutsOf(spec).demote;
  try {
    await demoteAndWait(operation, access, entry.id, timeoutSeconds);
  } catch (error) {
    if (isTimedOut(error)) {
      await undoDrain({ ...going, entry });
    }
    throw error;
  }
  if (machine !== undefined) await seenOutOfRaft(operation, machine, timeoutSeconds);
}

function passNodeGate(going: Going): Promise<SwarmLook | undefined> {
  const { operation, spec, lease } = going;
  const { gate: timeoutSeconds, drain: drainSeconds } = timeoutsOf(spec);
  return passGate(
    operation,
    accessOf(spec),
    { name: spec.name, role: spec.role, mayGoBeside: mayGoBeside(going) },
    { maxUnavailable: spec.maxUnavailable ?? 1, timeoutSeconds, drainSeconds, row: lease.row },
  );
}

/** The entry is gone already: what is left is the node's own memory of the swarm. */
async function forgetSwarm(
  operation: Operation,
  machine: Host | undefined,
  nodeId: string,
  id: string,
  spec: NodeInputs,
): Promise<void> {
  if (machine === undefined) return;
  try {
    const info = await machine.docker.info();
    if (info.localNodeState !== 'inactive' && info.nodeId === nodeId) {
      await operation.step(steps.leave(spec.name), () =>
        machine.docker.swarmLeave({ force: true }),
      );
    }
    await removeMarker(machine, 'node', id);
  } catch (error) {
    operation.log(
      'warning',
      `${spec.name}: ${errorMessage(error)}; its own memory of the swarm may remain`,
    );
  }
}

async function memberCount(operation: Operation, spec: NodeInputs): Promise<number> {
  const nodes = await askManager(
    operation,
    accessOf(spec),
    ({ docker }) => docker.nodes({ role: 'manager' }),
    { avoid: [spec.name] },
  );
  return nodes.filter(({ managerStatus }) => managerStatus !== undefined).length;
}

/** The last manager ends the swarm, and everything that it knows: in a destroy, which has the consent. */
async function endSwarm(
  operation: Operation,
  spec: NodeInputs,
  machine: Host | undefined,
  id: string,
): Promise<void> {
  if (machine === undefined) return;
  const { leave: timeoutSeconds } = timeoutsOf(spec);
  await withHostLock(operation, machine, `end the swarm on ${spec.name}`, timeoutSeconds, (lock) =>
    lock.step(steps.leave(spec.name), async () => {
      const info = await machine.docker.info();
      if (info.localNodeState !== 'inactive') await machine.docker.swarmLeave({ force: true });
    }),
  );
  noteEnded(operation, accessOf(spec).clusterId);
  await removeMarks(machine, id, spec);
}

async function removeMarks(machine: Host, id: string, { role }: NodeInputs): Promise<void> {
  // What an interrupted backup had to give back goes with the node: the host may be declared again one day.
  if (role === 'manager') await machine.files.remove(backupMarkPath);
  await removeMarker(machine, 'node', id);
}
