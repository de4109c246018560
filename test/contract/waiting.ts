import type { Clock } from '../../effects/clock';

/**
 * Waits until the condition holds. It answers `undefined` when it does, else why not yet; what it
 * throws counts as "not yet" too, since a swarm that changes its leader answers with errors.
 *
 * @throws Error with the last reason after `seconds`.
 */
export async function eventually(
  clock: Clock,
  seconds: number,
  what: string,
  condition: () => Promise<string | undefined>,
): Promise<void> {
  const deadline = clock.monotonicMs() + seconds * 1000;
  for (;;) {
    const reason = await condition().catch((error: unknown) => String(error));
    if (reason === undefined) return;
    if (clock.monotonicMs() > deadline) {
      throw new Error(`${what}: not within ${String(seconds)} s: ${reason}`);
    }
    await clock.sleep(500);
  }
}

/** `eventually` by the clock of the hosts that a contract is tried on. */
export type Wait = (
  seconds: number,
  what: string,
  look: () => Promise<string | undefined>,
) => Promise<void>;
