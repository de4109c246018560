import { serve } from '../../provider/server/serve';

/** Loaded as the provider itself is. */
void serve({
  ...{ name: 'swarm', version: '0.1.0' },
  load: async () => (await import('./swarmOffer.js')).swarmOffer(),
});
