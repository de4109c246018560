import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { waitUntil } from '../ask/waitUntil';

const ending: readonly string[] = ['deactivating', 'inactive', 'failed', 'absent'];

/** systemd kills a unit that does not end within 90 s. */
export const stopSeconds = 120;

/**
 * Until a unit is ending. From then on systemd sees it to its end, also when nobody waits.
 *
 * @param stop - stops it, and takes until it has ended.
 */
export async function beginStop(
  operation: Operation,
  host: Host,
  unit: string,
  stop: () => Promise<void>,
): Promise<void> {
  const ended = stop();
  const begun = waitUntil(operation, `${unit} stops`, stopSeconds, async () => {
    const state = await host.systemd.state(unit);
    return ending.includes(state) || `it is ${state}`;
  });
  await Promise.race([ended, begun]);
  for (const late of [ended, begun]) late.catch(() => undefined);
}
