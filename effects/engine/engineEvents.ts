import type { Follow } from '../eventFeed';
import type { EngineClient } from './engineClient';

/** What may make something true that is waited for: nodes, services and configs of a swarm, containers of this engine. */
const filters = {
  type: ['node', 'service', 'config', 'container'],
  event: ['create', 'update', 'remove', 'start', 'die'],
};

/** The event stream of one engine. */
export function engineEvents(client: EngineClient): Follow {
  const query = { filters: JSON.stringify(filters) };
  return (signal, onEvent) => client.follow('/events', { query }, signal, onEvent);
}
