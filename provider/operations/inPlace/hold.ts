import { daemonNotePath, parseDaemonNote } from '../../../core/daemonOptions';
import { errorMessage } from '../../../core/errors';
import type { SwarmNodeFacts } from '../../../core/facts';
import { declaredAvailability, heldAvailability, withHold, withoutHold } from '../../../core/held';
import { daemonLabel } from '../../../core/labels';
import type { Labels } from '../../../core/labels';
import { withoutBaseline } from '../../../core/lease';
import { steps } from '../../../core/steps';
import type { Host } from '../../../effects/effects';
import type { DockerApi, NodeChange } from '../../../effects/docker';
import type { Operation } from '../../server/resource';
import { askManager } from '../ask/managers';
import { accessOf, timeoutsOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';
import { giveNodeBack } from '../balancer/giveNodeBack';
import { changeLeaseLabels } from '../hold/lease';
import { takeBackMoves } from '../move/takeBackMoves';
import { serveAgain } from '../node/putNodeIn';
import { hookAfter, isBehindBefore } from '../turn/hooks';
import { endTurn } from '../turn/turn';

/** Drains a node, or pauses it before that, and notes in the same change what it is given back. */
export function hold(
  operation: Operation,
  spec: NodeInputs,
  nodeId: string,
  availability: 'drain' | 'pause' = 'drain',
): Promise<void> {
  return change(operation, spec, nodeId, (entry) => ({
    availability,
    labels: withHold(entry.labels, declaredAvailability(entry)),
  }));
}

/**
 * Lets held nodes serve again, together, until services are as before each of them went. They count as held until
 * then: a run that is killed meanwhile is found by the next one. Those that are not held stay as they are.
 */
export async function release(
  operation: Operation,
  nodes: readonly { readonly spec: NodeInputs; readonly nodeId: string }[],
): Promise<void> {
  const names = nodes.map(({ spec }) => spec.name).join(', ');
  await operation.step(steps.release(names), async () => {
    for (const { spec, nodeId } of nodes) {
      await endMoves(operation, spec, nodeId);
      await change(operation, spec, nodeId, (entry) => ({
        availability: declaredAvailability(entry),
      }));
    }
  });
  for (const { spec, nodeId } of nodes) {
    await serveAgain(operation, spec, nodeId);
    await endTurn(operation, spec);
    await endHold(operation, spec, nodeId);
  }
}

/** On an active node the swarm stops at once what a constraint rules out. */
function endMoves(operation: Operation, spec: NodeInputs, nodeId: string): Promise<void> {
  const mover = { operation, access: accessOf(spec), avoid: [spec.name] };
  return takeBackMoves(mover, timeoutsOf(spec).drain, { nodeId });
}

function endHold(operation: Operation, spec: NodeInputs, nodeId: string): Promise<void> {
  return change(operation, spec, nodeId, (entry) =>
    heldAvailability(entry) === undefined
      ? undefined
      : { availability: declaredAvailability(entry), labels: withoutHold(entry.labels) },
  );
}

/** After a step that was given up: nothing is left of it, and no baseline that the next one would be measured by. */
export async function undoHold(
  operation: Operation,
  spec: NodeInputs,
  nodeId: string,
): Promise<void> {
  await endMoves(operation, spec, nodeId);
  await endHold(operation, spec, nodeId);
  await changeLeaseLabels(operation, accessOf(spec), (labels) =>
    withoutBaseline(labels, spec.name),
  );
  // The error that led here is the one to be told; a server that stays drained is drift, and mended as such.
  const warn = (error: unknown): void => {
    operation.log('warning', errorMessage(error));
  };
  await giveNodeBack(operation, spec, nodeId).catch(warn);
  // Where `before` itself has failed, it is run again before anything else is.
  if (isBehindBefore(operation, spec)) await hookAfter(operation, spec).catch(warn);
}

/** What the list of nodes tells of an engine, once its options are others. */
export async function noteOptions(
  operation: Operation,
  spec: NodeInputs,
  nodeId: string,
  host: Host,
): Promise<void> {
  const digest = parseDaemonNote(await host.files.read(daemonNotePath))?.digest ?? '';
  await change(operation, spec, nodeId, ({ labels }) =>
    (labels[daemonLabel] ?? '') === digest ? undefined : { labels: withDigest(labels, digest) },
  );
}

function withDigest(labels: Labels, digest: string): Labels {
  const others = Object.entries(labels).filter(([name]) => name !== daemonLabel);
  return { ...Object.fromEntries(others), ...(digest === '' ? {} : { [daemonLabel]: digest }) };
}

function change(
  operation: Operation,
  spec: NodeInputs,
  nodeId: string,
  decide: (entry: SwarmNodeFacts) => NodeChange | undefined,
): Promise<void> {
  const ask = async ({ docker }: { readonly docker: DockerApi }): Promise<void> => {
    const entry = await docker.node(nodeId);
    const wanted = entry === undefined ? undefined : decide(entry);
    if (wanted !== undefined) await docker.updateNode(nodeId, wanted);
  };
  return askManager(operation, accessOf(spec), ask, { avoid: [spec.name] });
}
