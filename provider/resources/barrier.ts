import { diffInputs } from '../server/diffInputs';
import type { Resource } from '../server/resource';
import { newId } from './identities';
import { checkProperties, list, text, shown } from './properties';

const inputs = {
  name: text('Name of the barrier.'),
  nodes: list({ type: 'string', description: 'Name of a node.' }, 'Nodes that meet here.', true),
};

/**
 * Where a batch of workers ends: the next batch depends on this one resource instead of on every node
 * of the batch before. It touches nothing.
 */
export const barrier: Resource = {
  token: 'swarm:index:Barrier',
  description: 'The end of a batch of workers: the next batch starts after it. It touches nothing.',
  inputs,
  outputs: {},
  importing: {
    instead: 'it touches nothing: declare it, and `pulumi up` makes it',
  },
  check: (wanted) => ({ inputs: wanted, failures: checkProperties(inputs, wanted) }),
  // Who meets here follows the order of the run (a broken worker goes first): no change to report.
  diff: (old, wanted) => diffInputs({ name: 'update', nodes: 'ignore' }, old.inputs, wanted),
  create: (wanted) => Promise.resolve({ id: newId('barrier', shown(wanted['name'])), outputs: {} }),
  read: (id, { inputs: known }) => Promise.resolve({ id, inputs: known, outputs: {} }),
  update: () => Promise.resolve({ outputs: {} }),
  delete: () => Promise.resolve(),
};
