import { sharedLists } from '../../effects/sharedLists';
import { functions, resources } from '../../provider/registry';
import { serve } from '../../provider/server/serve';
import { FakeWorld } from '../../test/support/fakeWorld/fakeWorld';
import { keptStore } from './keptStore';
import { counted } from './usage';
import { usageFileVariable, worldFileVariable } from './variables';

/** The real provider on a fake world in its own memory, whose own arithmetic is no part of what is measured. */
const world = new FakeWorld(keptStore(process.env[worldFileVariable] ?? ''), {
  restMs: 200,
  operationMs: 0,
  idleMs: 5,
});

void serve({
  ...{ name: 'swarm', version: '0.1.0', resources, functions },
  effects: sharedLists(counted(world.effects(), process.env[usageFileVariable] ?? '/dev/null')),
});
