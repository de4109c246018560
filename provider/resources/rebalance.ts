import { errorMessage } from '../../core/errors';
import { describeRebalance, lastOf, stayingNodes, wishFaults } from '../../core/rebalance';
import { endRebalance, pausedNodes } from '../operations/move/endRebalance';
import { moverOf, rebalance as spreadAnew } from '../operations/move/rebalance';
import type { RebalanceInputs } from '../operations/move/rebalance';
import { lookAtServices } from '../operations/move/serviceManager';
import { timeoutsOf } from '../operations/ask/nodeSpec';
import { deletePurpose } from '../operations/swarm/consent';
import { diffInputs } from '../server/diffInputs';
import { isMap } from '../server/propertyValues';
import { unknown } from '../server/resource';
import type { Operation, PropertyMap, Resource } from '../server/resource';
import { newId, replaceOnlyWhenKnown } from './identities';
import { contactFaults } from './nameFaults';
import {
  any,
  checkProperties,
  list,
  managersProperty,
  nodeTimeoutsProperty,
  text,
  textMap,
} from './properties';
import { readLeft } from './readLeft';

const inputs = {
  name: text('Name of the rebalance.'),
  clusterId: text('ID of the swarm.'),
  managers: managersProperty,
  services: {
    ...any('Services that are spread anew: `true` for all that can be, or their names.'),
    isRequired: true,
  },
  nodes: {
    ...textMap(
      '`nodeId` of every declared node. A change, as after a roll, spreads services anew.',
    ),
    isRequired: true,
  },
  engines: textMap(
    '`revision` of every engine that is upgraded in place, by the node. A change spreads services anew. Default: none.',
  ),
  order: list(
    { type: 'string', description: 'Name of a node.' },
    'The nodes in the order of this run, for what `pulumi preview` says. A change of it is no change of the resource. Default: none.',
  ),
  unfinished: list(
    { type: 'string', description: 'Name of a node.' },
    'Nodes that an interrupted run left paused. Nobody declares any: those that a Read has found are a difference, and given back.',
  ),
  timeouts: nodeTimeoutsProperty,
};

const impacts = {
  name: 'update',
  clusterId: 'replace',
  managers: 'ignore',
  services: 'update',
  nodes: 'update',
  engines: 'update',
  order: 'ignore',
  unfinished: 'update',
  timeouts: 'ignore',
} as const satisfies Record<keyof RebalanceInputs, unknown>;

/** The end of a run that rolled nodes: the ones rebuilt last are not left empty. */
export const rebalance: Resource = {
  token: 'swarm:index:Rebalance',
  description:
    'Services whose tasks lie worse than by one on the nodes that may take them are spread anew, one task at a time and start-first. Last of a run; a change of any node brings it about.',
  inputs,
  outputs: {},
  refreshBeforeUpdate: true,
  importing: { instead: 'it holds nothing of its own: declare it, and `pulumi up` makes it' },
  check: (wanted) => ({
    inputs: wanted,
    failures: [
      ...checkProperties(inputs, wanted),
      ...contactFaults(wanted['managers']),
      ...(wanted['services'] === unknown ? [] : wishFaults('services', wanted['services'])),
    ],
  }),
  diff: (old, wanted) =>
    replaceOnlyWhenKnown(diffInputs(impacts, old.inputs, wanted), wanted, ['clusterId']),
  previewCreate: (wanted, operation) => preview(wanted, {}, operation),
  previewUpdate: (wanted, state, operation) => preview(wanted, state, operation),
  create: async (wanted, operation) => {
    const spec = wanted as unknown as RebalanceInputs;
    await spreadAnew(operation, spec);
    return { id: newId('rebalance', spec.name), outputs: {} };
  },
  read: async (id, { inputs: known }, operation) => {
    const spec = known as unknown as RebalanceInputs;
    const inputs = await readLeft(operation, known, {
      property: 'unfinished',
      what: 'which nodes a rebalance has paused',
      look: async () => {
        const { nodes } = await lookAtServices(moverOf(operation, spec), 10);
        return pausedNodes(nodes).map(({ hostname }) => hostname);
      },
    });
    return { id, inputs, outputs: {} };
  },
  update: async (_id, _old, wanted, operation) => {
    await spreadAnew(operation, wanted as unknown as RebalanceInputs);
    return { outputs: {} };
  },
  delete: async (_id, { inputs: known }, operation) => {
    const spec = known as unknown as RebalanceInputs;
    if ((await deletePurpose(operation, spec)) !== 'roll') return;
    await endRebalance(moverOf(operation, spec), timeoutsOf(spec).drain);
  },
};

async function preview(
  wanted: PropertyMap,
  state: PropertyMap,
  operation: Operation,
): Promise<readonly string[]> {
  if (typeof wanted['clusterId'] !== 'string') return [];
  const spec = wanted as unknown as RebalanceInputs;
  try {
    const seen = await lookAtServices(moverOf(operation, spec), 10);
    // By name: what is rebuilt has an ID that nobody knows yet.
    const names = Object.keys(spec.nodes);
    const nodes = stayingNodes(seen.nodes, ({ hostname }) => names.includes(hostname));
    const facts = { ...seen, nodes };
    const last = lastOf(nodes, spec.order ?? [], changedNodes(wanted, state));
    const sentence = describeRebalance(facts, spec.services, last);
    return sentence === undefined ? [] : [sentence];
  } catch (error) {
    return [`which services are spread anew was not worked out: ${errorMessage(error)}`];
  }
}

/** Names of nodes that this run rebuilds, or whose engine it exchanges. */
function changedNodes(wanted: PropertyMap, state: PropertyMap): readonly string[] {
  return ['nodes', 'engines'].flatMap((property) => {
    const now = wanted[property];
    const before = state[property];
    if (!isMap(now)) return [];
    const old = isMap(before) ? before : {};
    return Object.keys(now).filter(
      (name) => now[name] === unknown || (isMap(before) && now[name] !== old[name]),
    );
  });
}
