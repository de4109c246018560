import { functions, resources } from '../../../provider/registry';
import { serve } from '../../../provider/server/serve';
import { FakeWorld } from '../../support/fakeWorld/fakeWorld';
import { callsFileVariable, recordCalls } from '../callLog';
import { worldFileVariable } from './world';

/** The real provider on the fake world, which outlives each of its processes in a file. */
void serve({
  ...{ name: 'swarm', version: '0.1.0' },
  load: async () => ({
    resources: recordCalls(resources, process.env[callsFileVariable] ?? '/dev/null'),
    functions,
    effects: FakeWorld.open(process.env[worldFileVariable] ?? '').effects(),
  }),
});
