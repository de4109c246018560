import { describeReasons } from '../../../core/gate';
import { outageReasons } from '../../../core/outage';
import type { Operation } from '../../server/resource';
import { waitUntil } from '../ask/waitUntil';
import { gatherGateFacts } from '../gate/gatherGateFacts';
import type { SwarmAccess } from '../ask/managers';

/** As `passGate`, for an only manager that goes with nobody in its place. @throws SwarmError `TimedOut` with the last reasons. */
export async function passOutageGate(
  operation: Operation,
  access: SwarmAccess,
  name: string,
  timeoutSeconds: number,
): Promise<void> {
  await waitUntil(operation, `the gate before manager ${name}`, timeoutSeconds, async () => {
    const facts = await gatherGateFacts(operation, access, name, 1);
    const reasons = outageReasons(facts, { name, role: 'manager' });
    return reasons.length === 0 || `shut: ${describeReasons(reasons)}`;
  });
}
