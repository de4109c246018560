import { SwarmError } from '../../core/errors';

/**
 * When the provider's process ends. Four things can end a run, and each is told apart:
 *
 * - the engine is done, or Ctrl-C was pressed twice: SIGINT. Idle, we exit at once (the engine waits
 *   five seconds for us otherwise); with operations in flight they are finished first, and a second
 *   SIGINT does not wait for them;
 * - Ctrl-C was pressed once: `Cancel` with operations in flight. The engine waits for them and saves
 *   their results, so they run to their end;
 * - the CLI died: end of stdin. Nobody will save a result any more, so operations stop at their next
 *   step, and then we exit.
 */
export class Lifecycle {
  readonly #lost = new AbortController();
  readonly #exit: () => void;
  #inFlight = 0;
  #isStopping = false;

  /** @param exit closes what is open and ends the process; called at most once per cause. */
  constructor(exit: () => void) {
    this.#exit = exit;
  }

  /** Aborted, with a SwarmError `RunLost` as its reason, when the CLI is gone. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  get isIdle(): boolean {
    return this.#inFlight === 0;
  }

  /** Runs an operation that the process must not leave unfinished. */
  async track<T>(operation: () => Promise<T>): Promise<T> {
    this.#inFlight += 1;
    try {
      return await operation();
    } finally {
      this.#inFlight -= 1;
      this.#exitWhenIdle();
    }
  }

  /** SIGINT or SIGTERM. */
  interrupt(): void {
    if (this.#isStopping) {
      this.#exit();
      return;
    }
    this.#isStopping = true;
    this.#exitWhenIdle();
  }

  /** End of stdin. */
  lose(): void {
    this.#lost.abort(
      new SwarmError(
        'RunLost',
        'pulumi: the command that started this run is gone; the operation stops here and its result is not saved; run `pulumi cancel` and then `pulumi up`, which goes on from here',
        { source: 'world' },
      ),
    );
    this.#isStopping = true;
    this.#exitWhenIdle();
  }

  #exitWhenIdle(): void {
    if (this.#isStopping && this.isIdle) {
      this.#exit();
    }
  }
}
