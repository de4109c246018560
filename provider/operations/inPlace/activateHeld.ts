import type { ManagerContact } from '../../../core/connection';
import type { SwarmNodeFacts } from '../../../core/facts';
import { declaredAvailability, heldNodes } from '../../../core/held';
import type { NodeTimeouts } from '../../../core/rollPolicy';
import type { Operation } from '../../server/resource';
import { askManager } from '../ask/managers';
import type { SwarmAccess } from '../ask/managers';
import { timeoutsOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';
import { isTimedOut, waitUntil } from '../ask/waitUntil';
import { withLease } from '../hold/lease';
import { release } from './hold';

/** Inputs of an Activation. */
export interface ActivationInputs {
  readonly name: string;
  readonly clusterId: string;
  readonly managers: readonly ManagerContact[];
  readonly engines: Readonly<Record<string, string>>;
  readonly held?: readonly string[];
  readonly timeouts?: Partial<NodeTimeouts>;
}

type HeldAccess = Pick<ActivationInputs, 'clusterId' | 'managers' | 'timeouts'>;

/** The nodes that are held now. */
export async function heldNow(
  operation: Operation,
  { clusterId, managers }: SwarmAccess,
  timeoutSeconds = 60,
): Promise<readonly SwarmNodeFacts[]> {
  const nodes = await askManager(
    operation,
    { clusterId, managers },
    ({ docker }) => docker.nodes(),
    { timeoutSeconds },
  );
  return heldNodes(nodes);
}

/**
 * Gives all held nodes their availability back, together, and waits until services are as before each of them
 * went. A worker that is not ready is in the middle of its own upgrade, and is left to it; a manager that is may be
 * another run's, which has the lease until its engine is another one.
 *
 * @throws SwarmError `TimedOut` for a manager that is not ready, or for services that do not come back.
 */
export async function activateHeld(operation: Operation, spec: ActivationInputs): Promise<void> {
  await endHolds(operation, spec, () => true);
}

/**
 * The same for one node alone, where no Activation is to come any more.
 *
 * @param nodeId - of the node; nothing is done where it is not held.
 */
export function letGo(operation: Operation, spec: HeldAccess, nodeId: string): Promise<void> {
  return endHolds(operation, spec, ({ id }) => id === nodeId);
}

async function endHolds(
  operation: Operation,
  spec: HeldAccess,
  isMeant: (node: SwarmNodeFacts) => boolean,
): Promise<void> {
  if (!(await heldNow(operation, spec)).some(isMeant)) return;
  const { gate } = timeoutsOf(spec);
  const failure = await withLease(operation, spec, 'end the holds', gate, async (lease) => {
    const found = await ready(operation, spec, isMeant);
    await lease.confirm();
    if (found.held.length > 0) {
      await release(
        operation,
        found.held.map((entry) => ({ spec: nodeOf(spec, entry), nodeId: entry.id })),
      );
    }
    return found.failure;
  });
  // One that died must not keep the others drained: every one of them carries the new engine.
  if (failure !== undefined) throw failure;
}

async function ready(
  operation: Operation,
  spec: HeldAccess,
  isMeant: (node: SwarmNodeFacts) => boolean,
): Promise<{ readonly held: readonly SwarmNodeFacts[]; readonly failure: Error | undefined }> {
  let held: readonly SwarmNodeFacts[] = [];
  let failure: Error | undefined;
  const { ready: seconds } = timeoutsOf(spec);
  await waitUntil(operation, 'held managers are ready', seconds, async () => {
    held = (await heldNow(operation, spec)).filter(isMeant);
    const out = held.filter(({ role, state }) => role === 'manager' && state !== 'ready');
    return (
      out.length === 0 || out.map(({ hostname, state }) => `${hostname} is ${state}`).join('; ')
    );
  }).catch((error: unknown) => {
    if (!isTimedOut(error)) throw error;
    failure = error as Error;
  });
  return { held: held.filter(({ state }) => state === 'ready'), failure };
}

function nodeOf({ clusterId, managers, timeouts }: HeldAccess, entry: SwarmNodeFacts): NodeInputs {
  const { hostname: name, address, role } = entry;
  return {
    ...{ name, address, role, clusterId, managers, engineId: '' },
    // Only what managers are asked for is done here, and the host itself never connected to.
    connection: { host: address },
    availability: declaredAvailability(entry),
    ...(timeouts === undefined ? {} : { timeouts }),
  };
}
