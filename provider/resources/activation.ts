import { steps } from '../../core/steps';
import { deletePurpose } from '../operations/swarm/consent';
import { activateHeld, heldNow } from '../operations/inPlace/activateHeld';
import type { ActivationInputs } from '../operations/inPlace/activateHeld';
import { diffInputs } from '../server/diffInputs';
import type { Resource } from '../server/resource';
import { newId, replaceOnlyWhenKnown } from './identities';
import { contactFaults } from './nameFaults';
import {
  checkProperties,
  list,
  managersProperty,
  nodeTimeoutsProperty,
  text,
  textMap,
} from './properties';
import { readLeft } from './readLeft';

const inputs = {
  name: text('Name of the activation.'),
  clusterId: text('ID of the swarm.'),
  managers: managersProperty,
  engines: {
    ...textMap(
      '`revision` of every engine that is upgraded in place, by the node. A change ends all holds.',
    ),
    isRequired: true,
  },
  held: list(
    { type: 'string', description: 'Name of a node.' },
    'Nodes that are held. Nobody declares any: those that a Read has found are a difference, and let go.',
  ),
  timeouts: nodeTimeoutsProperty,
};

const impacts = {
  name: 'update',
  clusterId: 'replace',
  managers: 'ignore',
  engines: 'update',
  held: 'update',
  timeouts: 'ignore',
} as const satisfies Record<keyof ActivationInputs, unknown>;

/** The moment after all managers were upgraded in place: nodes that are held drained serve again. */
export const activation: Resource = {
  token: 'swarm:index:Activation',
  description:
    'The end of an upgrade of the managers in place: all that are held drained get their availability back together, once every manager carries the new engine.',
  inputs,
  outputs: {},
  refreshBeforeUpdate: true,
  importing: { instead: 'it holds nothing of its own: declare it, and `pulumi up` makes it' },
  check: (wanted) => ({
    inputs: wanted,
    failures: [...checkProperties(inputs, wanted), ...contactFaults(wanted['managers'])],
  }),
  diff: (old, wanted) =>
    replaceOnlyWhenKnown(diffInputs(impacts, old.inputs, wanted), wanted, ['clusterId']),
  previewUpdate: () => [
    `${steps.release('all managers')}, together, now that every one of them carries its engine`,
  ],
  create: async (wanted, operation) => {
    const spec = wanted as unknown as ActivationInputs;
    await activateHeld(operation, spec);
    return { id: newId('activation', spec.name), outputs: {} };
  },
  read: async (id, { inputs: known }, operation) => {
    const spec = known as unknown as ActivationInputs;
    const inputs = await readLeft(operation, known, {
      property: 'held',
      what: 'which nodes an upgrade in place holds',
      look: async () => (await heldNow(operation, spec, 10)).map(({ hostname }) => hostname),
    });
    return { id, inputs, outputs: {} };
  },
  update: async (_id, _old, wanted, operation) => {
    await activateHeld(operation, wanted as unknown as ActivationInputs);
    return { outputs: {} };
  },
  delete: async (_id, { inputs: known }, operation) => {
    const spec = known as unknown as ActivationInputs;
    if ((await deletePurpose(operation, spec)) === 'roll') await activateHeld(operation, spec);
  },
};
