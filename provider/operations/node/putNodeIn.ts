import { SwarmError, errorMessage } from '../../../core/errors';
import type { SwarmNodeFacts } from '../../../core/facts';
import {
  availabilityBefore,
  heldAvailability,
  withHold,
  withoutPauseMark,
} from '../../../core/held';
import { parseSourceNote, sourceNotePath } from '../../../core/engineSource';
import { daemonNotePath, parseDaemonNote } from '../../../core/daemonOptions';
import {
  daemonLabel,
  joinedLabel,
  labelPrefix,
  managedLabel,
  osLabel,
  sourceLabel,
} from '../../../core/labels';
import type { Labels } from '../../../core/labels';
import { drainsTogether } from '../../../core/drainsTogether';
import { planJoin } from '../../../core/joinWay';
import { readBaseline, readBaselines, withoutBaseline } from '../../../core/lease';
import type { ServiceBaseline } from '../../../core/lease';
import { worseThanBaseline } from '../../../core/services';
import { steps } from '../../../core/steps';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { drainNode } from '../balancer/drainNode';
import { giveNodeBack } from '../balancer/giveNodeBack';
import { forgetFormerSelves, joinLeftBehind } from './abandonedJoins';
import { endAlpnException } from './alpnException';
import { endBrokenJoin } from './brokenJoin';
import { checkPeers } from './checkPeers';
import { lookAtContacts } from './joinContacts';
import { beginAttempts, requestJoin } from './requestJoin';
import { hostStanding, managerLocked } from '../ask/hostStanding';
import { changeLeaseLabels, readLeaseLabels } from '../hold/lease';
import { askInTurn, askManager } from '../ask/managers';
import { ownMarker, writeMarker } from '../ask/markers';
import { accessOf, timeoutsOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';
import { restoreSwarm } from '../outage/restoreSwarm';
import { endSnapshots, takeSnapshotsFor } from '../swarm/raftSnapshots';
import { findEntry } from './takeOut';
import { takeBackMoves } from '../move/takeBackMoves';
import { waitUntil } from '../ask/waitUntil';

/** On a node: the ID of the resource that it belongs to, so that an older one's Delete leaves it alone. */
export const resourceLabel = `${labelPrefix}resource`;

/**
 * Makes the host a node of the swarm, drained, and returns its node ID. A host that is in this very
 * swarm already (the founder; an interrupted run's) is taken as it is; one that is in another swarm
 * is refused.
 */
export async function joinSwarm(
  id: string,
  spec: NodeInputs,
  operation: Operation,
): Promise<string> {
  const host = await operation.effects.hosts.connect(spec.connection);
  const marker = await ownMarker(operation, host, 'node');
  await restoreSwarm(operation, spec, host);
  const present = await presentEntry(operation, spec, host, marker !== undefined);
  const nodeId = present?.id ?? (await joinOrRestore(id, operation, spec, host));
  await endAlpnException(operation, spec.name, host);
  await writeMarker(host, 'node', { id, urn: operation.urn });
  await operation.step(steps.label(spec.name), async () => {
    const { os } = await host.facts();
    const source = parseSourceNote(await host.files.read(sourceNotePath));
    const daemon = parseDaemonNote(await host.files.read(daemonNotePath));
    const labels: Labels = {
      // Labels that somebody gave it before may be what services are placed by: the next run's plan shows
      // those that are not declared.
      ...present?.labels,
      ...spec.labels,
      [managedLabel]: 'true',
      [resourceLabel]: id,
      [osLabel]: os,
      ...(source === undefined ? {} : { [sourceLabel]: source.kind }),
      ...(daemon === undefined || daemon.digest === '' ? {} : { [daemonLabel]: daemon.digest }),
      [joinedLabel]: present?.labels[joinedLabel] ?? operation.effects.clock.now().toISOString(),
    };
    await updateNode(operation, spec, nodeId, { labels });
  });
  return nodeId;
}

/** Entry of a host that is in this swarm already; undefined when it is in none. */
async function presentEntry(
  operation: Operation,
  spec: NodeInputs,
  host: Host,
  isOurs: boolean,
): Promise<SwarmNodeFacts | undefined> {
  const standing = await hostStanding(operation, spec.connection);
  if (standing.kind === 'none' && standing.info !== undefined) return undefined;
  if (standing.kind === 'locked') throw managerLocked(spec.name);
  if (standing.kind !== 'member') {
    const why = standing.kind === 'unknown' ? standing.why : 'no engine answers on it';
    throw new SwarmError('EngineUnknown', `${spec.name}: ${why}; nothing was touched`);
  }
  // An interrupted join goes on by itself in the background: its outcome is waited for. So does an engine that
  // remembers a membership which is no more, and that for ever: it has a node ID, and nobody lists it.
  let info = standing.info;
  let entry: SwarmNodeFacts | undefined;
  await waitUntil(operation, 'an earlier join has ended', timeoutsOf(spec).join, async () => {
    info = await host.docker.info();
    entry =
      info.nodeId === ''
        ? undefined
        : await findEntry(operation, accessOf(spec), info.nodeId, [spec.name]);
    const isForgotten = info.nodeId !== '' && entry === undefined;
    return isForgotten || info.localNodeState !== 'pending' || 'it is still pending';
  });
  if (info.localNodeState === 'inactive') return undefined;
  if (entry !== undefined && info.localNodeState === 'active') return entry;
  if (await endBrokenJoin(operation, spec, host, info)) return undefined;
  // Somebody may have put a node of ours into another swarm meanwhile; a manager there says so.
  const isElsewhere = info.clusterId !== undefined && info.clusterId !== spec.clusterId;
  if (!isOurs || isElsewhere) {
    throw new SwarmError(
      'ForeignSwarm',
      `${spec.name}: the host is in another swarm (node ${info.nodeId}, ${info.localNodeState}); nothing was touched; let it leave that swarm first: \`docker swarm leave\` on it`,
      { source: 'user' },
    );
  }
  // Ours, and its entry was removed by an interrupted run: what it remembers is worth nothing.
  await operation.step(steps.leave(spec.name), () => host.docker.swarmLeave({ force: true }));
  return undefined;
}

/** What a join that fails has set up for itself goes with it. */
async function joinOrRestore(
  id: string,
  operation: Operation,
  spec: NodeInputs,
  host: Host,
): Promise<string> {
  try {
    return await join(id, operation, spec, host);
  } catch (error) {
    joinLeftBehind(operation, spec.clusterId);
    await endAlpnException(operation, spec.name, host).catch((fault: unknown) => {
      operation.log('warning', `${spec.name}: ${errorMessage(fault)}`);
    });
    throw error;
  }
}

async function join(
  id: string,
  operation: Operation,
  spec: NodeInputs,
  host: Host,
): Promise<string> {
  // They would make the name ambiguous, and a stale raft member counts for the quorum (moby#34722).
  await forgetFormerSelves(operation, spec, undefined);
  const engineVersion = await host.docker.version();
  const attempts = beginAttempts(planJoin(engineVersion, await lookAtContacts(operation, spec)));
  await operation.step(steps.checkPeers(spec.name), () =>
    checkPeers(operation, spec, host, [...attempts.late]),
  );
  if (spec.role === 'manager') {
    const { name } = spec;
    await takeSnapshotsFor(operation, accessOf(spec), { name, engineVersion });
  }
  // One that is cut off is known as ours by it.
  await writeMarker(host, 'node', { id, urn: operation.urn });
  return operation.step(steps.join(spec.name, spec.role), async () => {
    let nodeId = '';
    let isAskedAgain = false;
    await waitUntil(operation, 'the join', timeoutsOf(spec).join, async () => {
      const info = await host.docker.info();
      nodeId = info.nodeId;
      if (info.localNodeState === 'active' && nodeId !== '') return true;
      if (await endBrokenJoin(operation, spec, host, info)) return `it failed: ${info.error}`;
      if (info.localNodeState !== 'inactive') return `it is ${info.localNodeState}: ${info.error}`;
      if (isAskedAgain) joinLeftBehind(operation, spec.clusterId);
      isAskedAgain = true;
      return requestJoin(operation, spec, host, attempts);
    });
    return nodeId;
  });
}

/** Waits until the node is a full part of the swarm in its role, as the managers and it itself see it. */
export async function waitReady(
  operation: Operation,
  spec: NodeInputs,
  nodeId: string,
): Promise<void> {
  const access = accessOf(spec);
  await operation.step(steps.ready(spec.name), () =>
    waitUntil(operation, 'the node is ready', timeoutsOf(spec).ready, async (heed) => {
      const entry = await findEntry(operation, access, nodeId, [spec.name], heed);
      if (entry === undefined) return 'it is not listed yet';
      if (entry.state !== 'ready') return `it is ${entry.state}`;
      if (spec.role === 'worker') {
        return entry.managerStatus === undefined || 'it is still a member of raft';
      }
      if (entry.managerStatus?.reachability !== 'reachable') {
        return `as a manager it is ${entry.managerStatus?.reachability ?? 'no member of raft yet'}`;
      }
      const host = await operation.effects.hosts.connect(spec.connection);
      const info = await host.docker.info();
      return (
        (info.isControlAvailable && info.error === '') || `it is not in control: ${info.error}`
      );
    }),
  );
  if (spec.role !== 'manager') return;
  askInTurn(operation, spec.name);
  await endSnapshots(operation, access, spec.name);
}

/**
 * Gives the node its declared availability, waits until the services are as before it went, and lets balancers
 * use it again. One that an upgrade in place holds is given it when the hold ends.
 *
 * @returns whether the node has it now.
 */
export async function activate(
  operation: Operation,
  spec: NodeInputs,
  nodeId: string,
): Promise<boolean> {
  const entry = await findEntry(operation, accessOf(spec), nodeId);
  if (entry !== undefined && heldAvailability(entry) !== undefined) {
    const { availability = 'active' } = spec;
    if (heldAvailability(entry) === availability) return false;
    const labels = withHold(entry.labels, availability);
    await updateNode(operation, spec, nodeId, { labels });
    return false;
  }
  await setAvailability(operation, spec, nodeId, entry);
  await serveAgain(operation, spec, nodeId);
  return true;
}

/** Once a node is available again: services are as before it went, and balancers use it. */
export async function serveAgain(
  operation: Operation,
  spec: NodeInputs,
  nodeId: string,
): Promise<void> {
  await servicesAsBefore(operation, spec);
  if (spec.availability === 'drain') return;
  await giveNodeBack(operation, spec, nodeId);
}

async function setAvailability(
  operation: Operation,
  spec: NodeInputs,
  nodeId: string,
  entry: SwarmNodeFacts | undefined,
): Promise<void> {
  const availability = spec.availability ?? 'active';
  if (entry?.availability !== availability) {
    if (availability === 'drain') {
      const server = { name: spec.name, managers: spec.managers, isAlive: true };
      await drainNode(operation, server, (sentence, action) => operation.step(sentence, action));
    }
    const mover = { operation, access: accessOf(spec), avoid: [] };
    // On an active node the swarm stops at once what a constraint rules out.
    await takeBackMoves(mover, timeoutsOf(spec).drain, { nodeId });
    await operation.step(steps.activate(spec.name, availability), () =>
      updateNode(operation, spec, nodeId, {
        availability,
        ...(entry === undefined || availabilityBefore(entry) === undefined
          ? {}
          : { labels: withoutPauseMark(entry.labels) }),
      }),
    );
  }
}

async function servicesAsBefore(operation: Operation, spec: NodeInputs): Promise<void> {
  const access = accessOf(spec);
  const baseline = readBaseline(await readLeaseLabels(operation, access), spec.name);
  if (baseline === undefined) return;
  const hadTasks = Object.values(baseline).some((tasks) => tasks > 0);
  if (hadTasks) await awaitServices(operation, spec, baseline);
  await changeLeaseLabels(operation, access, (labels) => withoutBaseline(labels, spec.name));
}

async function awaitServices(
  operation: Operation,
  spec: NodeInputs,
  baseline: ServiceBaseline,
): Promise<void> {
  const access = accessOf(spec);
  await operation.step(steps.services(spec.name), () =>
    waitUntil(operation, 'the services', timeoutsOf(spec).services, async (heed) => {
      const [services, tasks, nodes] = await askManager(operation, access, ({ docker }) => {
        heed(docker);
        return Promise.all([docker.services(), docker.tasks(), docker.nodes()]);
      });
      const worse = worseThanBaseline(baseline, services, tasks, nodes);
      if (worse.length === 0) return true;
      // Others of its batch may be drained all the while; what they cost is made good before they leave.
      const baselines = readBaselines(await readLeaseLabels(operation, access));
      const beside = drainsTogether({ services, tasks, nodes, baselines }, spec.name, false);
      const left = beside?.map(({ sentence }) => sentence) ?? worse;
      return left.length === 0 || left.join('; ');
    }),
  );
}

export async function updateNode(
  operation: Operation,
  spec: NodeInputs,
  nodeId: string,
  change: Partial<Pick<SwarmNodeFacts, 'role' | 'availability' | 'labels'>>,
): Promise<void> {
  await askManager(operation, accessOf(spec), ({ docker }) => docker.updateNode(nodeId, change));
}
