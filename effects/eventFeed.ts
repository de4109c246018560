/** Follows what has no end, until `signal`; `onEvent` hears that more of it has come. Ends, or fails, when it breaks. */
export type Follow = (signal: AbortSignal, onEvent: () => void) => Promise<void>;

/**
 * One stream of events, of which everybody who waits for them takes one and the same. It is open while
 * somebody listens. Where it cannot be opened, or breaks, nobody is woken any more; who listens next opens another one.
 */
export class EventFeed {
  private readonly wakes = new Set<() => void>();
  private open: AbortController | undefined;

  constructor(private readonly follow: Follow) {}

  listen(wake: () => void): () => void {
    this.wakes.add(wake);
    this.open ??= this.begin();
    return () => {
      this.wakes.delete(wake);
      if (this.wakes.size > 0) return;
      this.open?.abort();
      this.open = undefined;
    };
  }

  private begin(): AbortController {
    const stream = new AbortController();
    const ended = (): void => {
      if (this.open === stream) this.open = undefined;
    };
    this.follow(stream.signal, () => {
      for (const wake of this.wakes) wake();
    })
      // Whoever waits asks again all the same, and hears there what is the matter.
      .then(ended, ended);
    return stream;
  }
}
