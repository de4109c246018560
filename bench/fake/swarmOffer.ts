import { sharedLists } from '../../effects/sharedLists';
import { functions, resources } from '../../provider/registry';
import type { Offer } from '../../provider/server/serve';
import { FakeWorld } from '../../test/support/fakeWorld/fakeWorld';
import { keptStore } from './keptStore';
import { counted } from './usage';
import { usageFileVariable, worldFileVariable } from './variables';

/** The real provider on a fake world in its own memory, whose own arithmetic is no part of what is measured. */
export function swarmOffer(): Offer {
  const world = new FakeWorld(keptStore(process.env[worldFileVariable] ?? ''), {
    restMs: 200,
    operationMs: 0,
    idleMs: 5,
  });
  const effects = counted(world.effects(), process.env[usageFileVariable] ?? '/dev/null');
  return { resources, functions, effects: sharedLists(effects) };
}
