import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { waitUntil } from '../ask/waitUntil';

/** Until a unit is ending, or has ended. From then on systemd sees it to its end, also when nobody waits. */
export async function beginUnitStop(
  operation: Operation,
  host: Host,
  unit: string,
  timeoutSeconds: number,
): Promise<void> {
  const ended = host.systemd.stop(unit);
  const begun = waitUntil(operation, `${unit} stops`, timeoutSeconds, async () => {
    const state = await host.systemd.state(unit);
    return state !== 'active' || 'it is active';
  });
  await Promise.race([ended, begun]);
  for (const late of [ended, begun]) late.catch(() => undefined);
}
