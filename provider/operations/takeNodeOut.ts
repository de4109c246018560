import { errorMessage } from '../../core/errors';
import type { SwarmNodeFacts } from '../../core/facts';
import { isSeen } from '../../core/facts';
import { readBaseline, withBaseline } from '../../core/lease';
import { runningTasks } from '../../core/services';
import { steps } from '../../core/steps';
import type { Host } from '../../effects/effects';
import type { Operation } from '../server/resource';
import { deletePurpose } from './consent';
import { drain } from './drain';
import { evictUndeclared } from './evictUndeclared';
import { forgetBaseline } from './forgetBaseline';
import { look } from './gatherGateFacts';
import { withLease } from './lease';
import type { Lease } from './lease';
import { askManager } from './managers';
import { removeMarker } from './markers';
import { accessOf, timeoutsOf } from './nodeSpec';
import type { NodeInputs } from './nodeSpec';
import { lastManager, passGate } from './passGate';
import { refuseLocalData } from './refuseLocalData';
import { resourceLabel } from './putNodeIn';
import { demoteAndWait, findEntry, leave, removeEntry, seenAsWorker } from './takeOut';

/**
 * Takes a node out of its swarm: gate, drain, demotion, leave, removal by ID. Looks at the world
 * before each step, so that it may be repeated after any interruption, and does nothing to what is
 * not its own: the host may be silent, rebuilt, or taken over by a later Create.
 */
export async function takeNodeOut(
  id: string,
  nodeId: string,
  spec: NodeInputs,
  operation: Operation,
): Promise<void> {
  const access = accessOf(spec);
  const purpose = await deletePurpose(operation, access);
  const host = await look(() => operation.effects.hosts.connect(spec.connection));
  if (purpose === 'gone') {
    operation.log(
      'warning',
      `${spec.name}: no manager is in the swarm any more, nothing is left to take it out of`,
    );
    await forgetSwarm(operation, isSeen(host) ? host.seen : undefined, nodeId, id, spec);
    return;
  }
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
    if (purpose === 'roll') await forgetBaseline(operation, access, spec.name);
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
  const own = await ownMachine(operation, spec, machine, entry.id);
  const members = await memberCount(operation, spec);
  if (entry.managerStatus !== undefined && members === 1) {
    await endSwarm(operation, spec, own, purpose === 'destroy', id);
    return;
  }
  const { gate } = timeoutsOf(spec);
  await withLease(operation, access, `take ${spec.role} ${spec.name} out`, gate, (lease) =>
    out({ operation, spec, entry, machine: own, lease, isDestroy: purpose === 'destroy' }),
  );
  if (own !== undefined) await removeMarker(own, 'node', id);
  if (purpose === 'roll') await forgetBaseline(operation, access, spec.name);
}

/**
 * The host, if it may be acted on as this node: its engine answers, and is this node or none. One that is
 * another node by now (joined anew by hand, another machine at this address) is left alone, and so is
 * one whose engine is silent; their entry goes when the swarm has seen it down.
 */
async function ownMachine(
  operation: Operation,
  spec: NodeInputs,
  machine: Host | undefined,
  nodeId: string,
): Promise<Host | undefined> {
  if (machine === undefined) return undefined;
  const info = await look(() => machine.docker.info());
  const why = !isSeen(info)
    ? `its engine does not answer (${info.unseen})`
    : info.seen.localNodeState === 'inactive' || info.seen.nodeId === nodeId
      ? undefined
      : `it is node ${info.seen.nodeId} now`;
  if (why === undefined) return machine;
  operation.log('warning', `${spec.name}: ${why}; the host itself is left alone`);
  return undefined;
}

interface Going {
  readonly operation: Operation;
  readonly spec: NodeInputs;
  readonly entry: SwarmNodeFacts;
  readonly machine: Host | undefined;
  readonly lease: Lease;
  readonly isDestroy: boolean;
}

async function out(going: Going): Promise<void> {
  const { operation, spec, entry, machine, isDestroy } = going;
  const access = accessOf(spec);
  const timeouts = timeoutsOf(spec);
  const step = async (sentence: string, action: () => Promise<void>): Promise<void> => {
    await going.lease.confirm();
    await operation.step(sentence, action);
  };
  if (isDestroy && entry.managerStatus !== undefined) {
    // Nobody is declared any more. A silent member would make the leader refuse every demotion but its own.
    await evictUndeclared(operation, access, { managers: [spec.name], workers: [] });
  }
  if (!isDestroy) {
    await step(steps.gate(spec.name), () => gateAndBaseline(going));
    if (machine !== undefined) await refuseLocalData(operation, access, spec, machine);
  }
  await step(steps.drain(spec.name), () => drain(going));
  if (entry.managerStatus !== undefined || entry.role === 'manager') {
    await step(steps.demote(spec.name), async () => {
      await demoteAndWait(operation, access, entry.id, timeouts.demote);
      if (machine !== undefined) await seenAsWorker(operation, machine, timeouts.demote);
    });
  }
  if (machine !== undefined) {
    await step(steps.leave(spec.name), () => leave(operation, machine, timeouts.leave));
  }
  await step(steps.remove(spec.name), () =>
    // A silent node turns Down only when its heartbeat lapses, at the latest six beats of 5 s later.
    removeEntry(operation, access, entry.id, {
      hasLeft: machine !== undefined,
      timeoutSeconds: timeouts.leave + 60,
    }),
  );
}

/** The baseline is taken once, before anything is touched; a resumed run finds the first one. */
async function gateAndBaseline({ operation, spec, lease }: Going): Promise<void> {
  const access = accessOf(spec);
  await passGate(
    operation,
    access,
    { name: spec.name, role: spec.role },
    { maxUnavailable: spec.maxUnavailable ?? 1, timeoutSeconds: timeoutsOf(spec).gate },
  );
  if (readBaseline(await lease.readLabels(), spec.name) !== undefined) return;
  const [services, tasks] = await askManager(operation, access, ({ docker }) =>
    Promise.all([docker.services(), docker.tasks()]),
  );
  await lease.changeLabels((labels) =>
    withBaseline(labels, spec.name, runningTasks(services, tasks)),
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
  const nodes = await askManager(operation, accessOf(spec), ({ docker }) => docker.nodes(), {
    avoid: [spec.name],
  });
  return nodes.filter(({ managerStatus }) => managerStatus !== undefined).length;
}

/** The last manager ends the swarm, and everything that it knows: only with consent. */
async function endSwarm(
  operation: Operation,
  spec: NodeInputs,
  machine: Host | undefined,
  isDestroy: boolean,
  id: string,
): Promise<void> {
  if (!isDestroy) throw lastManager(spec.name);
  if (machine === undefined) return;
  await operation.step(steps.leave(spec.name), async () => {
    const info = await machine.docker.info();
    if (info.localNodeState !== 'inactive') await machine.docker.swarmLeave({ force: true });
  });
  await removeMarker(machine, 'node', id);
}
