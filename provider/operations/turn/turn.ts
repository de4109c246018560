import type { HookAction } from '../../../core/hooks';
import type { RollPolicy } from '../../../core/rollPolicy';
import type { Operation } from '../../server/resource';
import type { Lease } from '../hold/lease';
import { endCanary, passCanary } from './canary';
import { hookAfter, hookBefore } from './hooks';
import type { HookedNode } from './hooks';

/** What the present run declares of a node's turn. */
export interface Turn {
  /** Its declared name when it comes back; undefined: it does not. */
  readonly returnsAs: string | undefined;
  /** The swarm was told that there are hooks. */
  readonly hasHooks: boolean;
  /** The roll pauses behind its first node under this change; undefined: it does not. */
  readonly canary: string | undefined;
}

/** What of a turn is the same for every node. */
export function policyOfTurn(policy: RollPolicy | undefined): Omit<Turn, 'returnsAs'> {
  return { hasHooks: policy?.hooks === true, canary: policy?.canary };
}

/**
 * The last that is asked before anything of a node that goes is touched, whichever link of its chain comes
 * first: whether the roll pauses here, and its hook `before`.
 *
 * @throws SwarmError `PausedAfterCanary`, `HookFailed`, `HooksUnknown`: nothing was touched.
 */
export async function beginTurn(
  operation: Operation,
  lease: Lease,
  node: HookedNode,
  { returnsAs, hasHooks, canary }: Turn,
  action: HookAction = 'replace',
): Promise<void> {
  const declared = { ...node, name: returnsAs ?? node.name };
  const done = returnsAs === undefined ? 'remove' : action;
  if (canary !== undefined && returnsAs !== undefined) {
    await passCanary(operation, lease, declared, canary);
  }
  await hookBefore(operation, declared, done, hasHooks, lease);
}

/** A node that went is back and serves: its hook `after`, where one is due, and the canary is over. @throws as `hookAfter`. */
export async function endTurn(operation: Operation, node: HookedNode): Promise<void> {
  await hookAfter(operation, node);
  await endCanary(operation, node, node.name);
}
