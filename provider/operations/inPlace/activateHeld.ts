import type { ManagerContact } from '../../../core/connection';
import type { SwarmNodeFacts } from '../../../core/facts';
import { declaredAvailability, heldNodes } from '../../../core/held';
import type { NodeTimeouts } from '../../../core/rollPolicy';
import type { Operation } from '../../server/resource';
import { askManager } from '../ask/managers';
import type { SwarmAccess } from '../ask/managers';
import { timeoutsOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';
import { waitUntil } from '../ask/waitUntil';
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
 * went. A worker that is not ready is in the middle of its own upgrade, and is left to it.
 *
 * @throws SwarmError `TimedOut` for a manager that is not ready, or for services that do not come back.
 */
export async function activateHeld(operation: Operation, spec: ActivationInputs): Promise<void> {
  const held = await ready(operation, spec);
  if (held.length === 0) return;
  await release(
    operation,
    held.map((entry) => ({ spec: nodeOf(spec, entry), nodeId: entry.id })),
  );
}

async function ready(
  operation: Operation,
  spec: ActivationInputs,
): Promise<readonly SwarmNodeFacts[]> {
  let held: readonly SwarmNodeFacts[] = [];
  const { ready: seconds } = timeoutsOf(spec);
  await waitUntil(operation, 'held managers are ready', seconds, async () => {
    held = await heldNow(operation, spec);
    const out = held.filter(({ role, state }) => role === 'manager' && state !== 'ready');
    return (
      out.length === 0 || out.map(({ hostname, state }) => `${hostname} is ${state}`).join('; ')
    );
  });
  return held.filter(({ state }) => state === 'ready');
}

function nodeOf(
  { clusterId, managers, timeouts }: ActivationInputs,
  entry: SwarmNodeFacts,
): NodeInputs {
  const { hostname: name, address, role } = entry;
  return {
    ...{ name, address, role, clusterId, managers, engineId: '' },
    // Only what managers are asked for is done here, and the host itself never connected to.
    connection: { host: address },
    availability: declaredAvailability(entry),
    ...(timeouts === undefined ? {} : { timeouts }),
  };
}
