import { describeReasons, gate } from '../../core/gate';
import type { GateTarget, GateVerdict } from '../../core/gate';
import type { Operation } from '../server/resource';
import { gatherGateFacts } from './gatherGateFacts';
import type { SwarmAccess } from './managers';
import { waitUntil } from './waitUntil';

/**
 * Waits at the gate until this node may be taken out, looking afresh each time, and says what it
 * waits for.
 *
 * @throws SwarmError `TimedOut` with the last reasons.
 */
export async function passGate(
  operation: Operation,
  access: SwarmAccess,
  target: GateTarget,
  options: { readonly maxUnavailable: number; readonly timeoutSeconds: number },
): Promise<GateVerdict> {
  let verdict: GateVerdict | undefined;
  await waitUntil(
    operation,
    `the gate before ${target.role} ${target.name}`,
    options.timeoutSeconds,
    async () => {
      const facts = await gatherGateFacts(operation, access, target.name, options.maxUnavailable);
      verdict = gate(facts, target);
      return verdict.isOpen ? true : `shut: ${describeReasons(verdict.reasons)}`;
    },
  );
  if (verdict === undefined) throw new Error('the gate opened without a verdict');
  return verdict;
}
