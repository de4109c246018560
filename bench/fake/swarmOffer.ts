import { sharedLists } from '../../effects/sharedLists';
import { functions, resources } from '../../provider/registry';
import type { Offer } from '../../provider/server/serve';
import { FakeWorld } from '../../test/support/fakeWorld/fakeWorld';
import { keptStore } from './keptStore';
import { counted } from './usage';
import { usageFileVariable, worldFileVariable } from './variables';

/**
 * What an entry of a list takes: a real engine (26.1.5 on a machine of the lab, 2026-11-22) answers with 5,000 tasks in 60 to 80 ms,
 * 3.3 MB, which then come through SSH and are read.
 */
const listEntryMs = 0.03;

/** The real provider on a fake world in its own memory, whose own arithmetic is no part of what is measured. */
export function swarmOffer(): Offer {
  const world = new FakeWorld(keptStore(process.env[worldFileVariable] ?? ''), {
    restMs: 200,
    operationMs: 0,
    entryMs: listEntryMs,
    idleMs: 5,
  });
  const effects = counted(world.effects(), process.env[usageFileVariable] ?? '/dev/null');
  return { resources, functions, effects: sharedLists(effects) };
}
