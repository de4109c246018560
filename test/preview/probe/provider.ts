import type { Effects } from '../../../effects/effects';
import { systemClock } from '../../../effects/clock';
import type { ProviderFunction } from '../../../provider/server/resource';
import { serve } from '../../../provider/server/serve';
import { callsFileVariable, recordCalls } from '../callLog';
import { probeResources } from './resources';

const unused = undefined as never;

/** The probe touches nothing but the clock. */
const effects: Effects = {
  clock: systemClock,
  hosts: {
    connect: () => Promise.reject(new Error('the probe has no hosts')),
    close: () => Promise.resolve(),
  },
  lab: unused,
  local: unused,
  commands: unused,
};

const plan: ProviderFunction = {
  token: 'probe:index:plan',
  description: 'Answers with what it was given, or says what is wrong with it.',
  inputs: {
    nodes: { type: 'array', description: 'Nodes.', isRequired: true },
  },
  outputs: { count: { type: 'integer', description: 'How many.' } },
  call: async (args) =>
    Array.isArray(args['nodes'])
      ? { result: { count: args['nodes'].length } }
      : { failures: [{ property: 'nodes', reason: 'is not a list' }] },
};

void serve({
  ...{ name: 'probe', version: '0.1.0' },
  load: async () => ({
    resources: recordCalls(probeResources, process.env[callsFileVariable] ?? '/dev/null'),
    functions: [plan],
    effects,
  }),
});
