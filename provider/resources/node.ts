import { isHostname, isIpAddress } from '../../core/addresses';
import type { InputFailure } from '../../core/errors';
import { SwarmError, errorMessage } from '../../core/errors';
import { declaredAvailability, heldAvailability } from '../../core/held';
import { labelPrefix, ownLabels, sameLabels, userLabels } from '../../core/labels';
import { steps } from '../../core/steps';
import { importNode } from '../imports/swarm';
import { forgetAbandonedJoins, forgetFormerSelves } from '../operations/node/abandonedJoins';
import { changeRole } from '../operations/node/changeRole';
import { checkOverlay, isOverlaySilent } from '../operations/node/checkOverlay';
import { findEntry } from '../operations/node/takeOut';
import { lookAtNode } from '../operations/ask/lookAtNode';
import { accessOf } from '../operations/ask/nodeSpec';
import type { NodeInputs } from '../operations/ask/nodeSpec';
import { activate, joinSwarm, updateNode, waitReady } from '../operations/node/putNodeIn';
import { areImagesMissing, provideImages } from '../operations/node/provideImages';
import { dismissStandIns } from '../operations/node/standIn';
import { takeNodeOut } from '../operations/node/takeNodeOut';
import { isHookDue, isOfHooks } from '../operations/turn/hooks';
import { endTurn } from '../operations/turn/turn';
import { isTimedOut } from '../operations/ask/waitUntil';
import { diffInputs } from '../server/diffInputs';
import { isMap } from '../server/propertyValues';
import type { Operation, PropertyMap, ReadResult, Resource } from '../server/resource';
import { newId, replaceOnlyWhenKnown, whereThereIsNone } from './identities';
import { contactFaults } from './nameFaults';
import {
  checkProperties,
  connectionProperty,
  count,
  managersProperty,
  nodeTimeoutsProperty,
  registriesProperty,
  text,
  textMap,
  shown,
} from './properties';

const inputs = {
  name: text('Host name of the node. A change replaces the node.'),
  role: text('`manager` or `worker`. Changed in place: promoted, or demoted after the gate.'),
  engineId: text('Identity of the engine. A change replaces the node.'),
  clusterId: text('ID of the swarm to be in. A change replaces the node.'),
  address: text('IP address that the node advertises. A change replaces the node.'),
  connection: connectionProperty,
  managers: managersProperty,
  labels: textMap('Labels of the node. Changed in place.'),
  availability: text('`active`, `pause` or `drain`. Default: active. Changed in place.', false),
  maxUnavailable: count('How many workers may be out at once. Default: 1.'),
  onLocalData: text(
    'What happens to non-empty local volumes and to containers from outside the swarm when the node is replaced: `keep` (you keep them yourself) or `discard`. Default: the replacement is refused.',
    false,
  ),
  registries: registriesProperty(
    'Logins by which this node pulls the images of services before it becomes active. Default: none. A change of it is no change of the resource.',
  ),
  timeouts: nodeTimeoutsProperty,
};

const impacts = {
  name: 'replace',
  role: 'update',
  engineId: 'replace',
  clusterId: 'replace',
  address: 'replace',
  connection: 'ignore',
  managers: 'ignore',
  labels: 'update',
  availability: 'update',
  maxUnavailable: 'ignore',
  onLocalData: 'ignore',
  registries: 'ignore',
  timeouts: 'ignore',
} as const satisfies Record<keyof NodeInputs, unknown>;

/** Membership of one engine in the swarm. */
export const node: Resource = {
  token: 'swarm:index:Node',
  description:
    'Membership of an engine in a swarm. Its delete waits at the gate, drains, demotes, leaves and removes the entry by its ID; its create joins drained, and activates the node when it is ready, answers over the overlay network and has the images of the services that it may run.',
  inputs,
  outputs: {
    nodeId: text('ID of the node in the swarm.'),
    isReady: { type: 'boolean', description: 'The node was ready and active when last looked at.' },
  },
  refreshBeforeUpdate: true,
  importing: importNode,
  check: (wanted) => ({
    inputs: wanted,
    failures: [
      ...checkProperties(inputs, wanted),
      ...contactFaults(wanted['managers']),
      ...checkNode(wanted),
    ],
  }),
  diff: (old, wanted) =>
    replaceOnlyWhenKnown(
      diffInputs(impacts, withDefaults(old.inputs), withDefaults(wanted)),
      wanted,
      ['clusterId'],
    ),
  previewCreate: (wanted, operation) => {
    const name = shown(wanted['name']);
    const availability = shown(wanted['availability'] ?? 'active');
    return [
      `${whereThereIsNone(operation)}${steps.join(name, shown(wanted['role']))}; set ${availability} when it is ready`,
    ];
  },
  previewUpdate: (wanted, state) => previewUpdate(wanted, state),
  interrupted: (kind, known) =>
    kind === 'delete'
      ? `${shown(known['name'])} is out of the swarm; \`pulumi up\` goes on from here and puts it back`
      : undefined,
  create: async (wanted, operation) => {
    const spec = wanted as unknown as NodeInputs;
    const id = newId('node', spec.name);
    const nodeId = await joinSwarm(id, spec, operation);
    return { id, ...(await settle(operation, spec, nodeId, false)) };
  },
  read: (id, old, operation) => read(id, old, operation),
  update: async (_id, { state }, wanted, operation) => {
    const spec = wanted as unknown as NodeInputs;
    const nodeId = shown(state['nodeId']);
    const entry = await findEntry(operation, accessOf(spec), nodeId);
    if (entry === undefined) {
      throw new SwarmError(
        'NodeGone',
        `${spec.name}: node ${nodeId} is no longer in the swarm; run \`pulumi refresh\`, then \`pulumi up\` joins it again`,
      );
    }
    if (
      entry.role !== spec.role ||
      (entry.managerStatus !== undefined) !== (spec.role === 'manager')
    ) {
      await changeRole(operation, spec, entry);
    }
    const labels = { ...spec.labels, ...ownLabels(entry.labels) };
    if (!sameLabels(labels, entry.labels)) {
      await operation.step(steps.label(spec.name), () =>
        updateNode(operation, spec, nodeId, { labels }),
      );
    }
    return settle(operation, spec, nodeId, state['isReady'] === false);
  },
  delete: (id, { inputs: known, state }, operation) =>
    takeNodeOut(id, shown(state['nodeId']), known as unknown as NodeInputs, operation),
};

/** Ready and active, or saved as "built but not ready": nothing of it is built again by the next `up`. */
async function settle(
  operation: Operation,
  spec: NodeInputs,
  nodeId: string,
  isUnfinished: boolean,
): Promise<{ outputs: PropertyMap; initErrors?: readonly string[] }> {
  try {
    await waitReady(operation, spec, nodeId);
    await forgetFormerSelves(operation, spec, nodeId);
    await forgetAbandonedJoins(operation, spec);
    await checkOverlay(operation, spec, nodeId, isUnfinished);
    await provideImages(operation, spec, nodeId);
    const serves = await activate(operation, spec, nodeId);
    await dismissStandIns(operation, spec);
    if (serves) await endTurn(operation, spec);
    return { outputs: { nodeId, isReady: true } };
  } catch (error) {
    const isNotReady = [isTimedOut, isOverlaySilent, areImagesMissing, isOfHooks];
    if (!isNotReady.some((is) => is(error))) throw error;
    return { outputs: { nodeId, isReady: false }, initErrors: [errorMessage(error)] };
  }
}

async function read(
  id: string,
  { inputs: known, state }: { readonly inputs: PropertyMap; readonly state: PropertyMap },
  operation: Operation,
): Promise<ReadResult> {
  const spec = known as unknown as NodeInputs;
  const wasReady = state['isReady'] !== false;
  // A Read without init errors clears those of the last run, and nobody would finish its work: only an
  // Update that went through ends them, whatever the node looks like meanwhile.
  const unfinished = (how: string): { readonly initErrors?: readonly string[] } =>
    wasReady
      ? {}
      : {
          initErrors: [`${spec.name} ${how}; \`pulumi up\` finishes what the last run waited for`],
        };
  try {
    const nodeId = shown(state['nodeId']);
    const { entry, leaseLabels } = await lookAtNode(operation, accessOf(spec), nodeId);
    // The swarm's list, read with quorum, is the authority on who is in it.
    if (entry === undefined) return undefined;
    const isReady = entry.state === 'ready';
    // A run that was given up may have left it between its hooks, and nothing else of it is a difference.
    const isDue =
      wasReady && heldAvailability(entry) === undefined && isHookDue(leaseLabels, spec.name);
    if (!isReady) operation.log('warning', `${spec.name} is ${entry.state}`);
    return {
      id,
      inputs: {
        ...known,
        // The wish, not the membership: one that was changed by hand, or never taken back, is a difference.
        role: entry.role,
        labels: userLabels(entry.labels),
        // What an upgrade in place holds is drained for it alone.
        availability: declaredAvailability(entry),
      },
      outputs: { ...state, isReady: wasReady },
      ...unfinished(isReady ? 'is ready by now' : `is ${entry.state}`),
      ...(isDue ? { initErrors: [hookDue(spec.name)] } : {}),
    };
  } catch (error) {
    operation.log('warning', `${spec.name} was not looked at: ${errorMessage(error)}`);
    return { id, inputs: known, outputs: state, ...unfinished('was not looked at') };
  }
}

function hookDue(name: string): string {
  return `${name}: its hook \`before\` was begun, and its hook \`after\` has not run yet; \`pulumi up\` runs it`;
}

function previewUpdate(wanted: PropertyMap, state: PropertyMap): readonly string[] {
  const name = shown(wanted['name']);
  const sentences: string[] = [];
  if (state['role'] !== wanted['role']) {
    sentences.push(
      wanted['role'] === 'manager'
        ? steps.promote(name)
        : `${steps.gate(name)}, then ${steps.demote(name)}`,
    );
  }
  if (state['availability'] !== wanted['availability']) {
    sentences.push(steps.activate(name, shown(wanted['availability'] ?? 'active')));
  }
  return sentences;
}

/** An absent availability or label map means the default, and is no change from it. */
function withDefaults(properties: PropertyMap): PropertyMap {
  return {
    ...properties,
    availability: properties['availability'] ?? 'active',
    labels: properties['labels'] ?? {},
  };
}

function checkNode(wanted: PropertyMap): InputFailure[] {
  const { name, role, address, availability, labels, onLocalData } = wanted;
  const failures: InputFailure[] = [];
  const oneOf = (property: string, value: unknown, allowed: readonly string[]): void => {
    if (typeof value === 'string' && !allowed.includes(value)) {
      failures.push({ property, reason: `"${value}" is none of ${allowed.join(', ')}` });
    }
  };
  oneOf('role', role, ['manager', 'worker']);
  oneOf('availability', availability, ['active', 'pause', 'drain']);
  oneOf('onLocalData', onLocalData, ['keep', 'discard']);
  if (typeof name === 'string' && !isHostname(name)) {
    failures.push({ property: 'name', reason: `"${name}" is no host name` });
  }
  if (typeof address === 'string' && !isIpAddress(address)) {
    failures.push({ property: 'address', reason: `"${address}" is no IP address` });
  }
  if (isMap(labels)) {
    for (const label of Object.keys(labels).filter((key) => key.startsWith(labelPrefix))) {
      failures.push({
        property: `labels["${label}"]`,
        reason: `${labelPrefix}* belongs to this package`,
      });
    }
  }
  return failures;
}
