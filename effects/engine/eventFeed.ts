import type { EngineClient } from './engineClient';

/** What may make something true that is waited for: nodes, services and configs of a swarm, containers of this engine. */
const filters = {
  type: ['node', 'service', 'config', 'container'],
  event: ['create', 'update', 'remove', 'start', 'die'],
};

/**
 * The event stream of one engine, of which everybody who waits there takes one and the same. It is open while
 * somebody listens. Where it cannot be opened, or breaks, nobody is woken any more; who listens next opens another one.
 */
export class EventFeed {
  private readonly wakes = new Set<() => void>();
  private open: AbortController | undefined;

  constructor(private readonly client: EngineClient) {}

  listen(wake: () => void): () => void {
    this.wakes.add(wake);
    this.open ??= this.follow();
    return () => {
      this.wakes.delete(wake);
      if (this.wakes.size > 0) return;
      this.open?.abort();
      this.open = undefined;
    };
  }

  private follow(): AbortController {
    const stream = new AbortController();
    const ended = (): void => {
      if (this.open === stream) this.open = undefined;
    };
    const query = { filters: JSON.stringify(filters) };
    this.client
      .follow('/events', { query }, stream.signal, () => {
        for (const wake of this.wakes) wake();
      })
      // Whoever waits asks again all the same, and hears there what is the matter.
      .then(ended, ended);
    return stream;
  }
}
