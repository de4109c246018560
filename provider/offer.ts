import { realEffects } from '../effects/realEffects';
import { sharedLists } from '../effects/sharedLists';
import { functions, resources } from './registry';
import type { Offer } from './server/serve';

/** All that the provider can do, on the real world. */
export function realOffer(): Offer {
  return { resources, functions, effects: sharedLists(realEffects()) };
}
