import { randomUUID } from 'node:crypto';
import { canaryDone, decideCanary, readCanary, withCanary } from '../../../core/canary';
import { SwarmError } from '../../../core/errors';
import { ofProcess } from '../../server/ofProcess';
import type { Operation } from '../../server/resource';
import type { SwarmAccess } from '../ask/managers';
import { changeLeaseLabels, readLeaseLabels } from '../hold/lease';
import type { Lease } from '../hold/lease';

interface Run {
  readonly id: string;
  /** Nodes that this run's plan lets go, in order, by the cluster's ID. */
  readonly going: Map<string, readonly string[]>;
}

const runOf = ofProcess((): Run => ({ id: randomUUID(), going: new Map() }));

/** Notes for the life of the process which nodes this run's plan lets go. */
export function noteGoing(operation: Operation, clusterId: string, names: readonly string[]): void {
  runOf(operation).going.set(clusterId, names);
}

/**
 * Lets a node go as the canary of a change, or since the canary is over; refuses it in the run in which the canary
 * came back. Pulumi knows no other way to end a run before its end than an error.
 *
 * @param change what is declared of all nodes. @throws SwarmError `PausedAfterCanary`: nothing was touched.
 */
export async function passCanary(
  operation: Operation,
  lease: Lease,
  { name: node, clusterId }: { readonly name: string; readonly clusterId: string },
  change: string,
): Promise<void> {
  const run = runOf(operation);
  const decision = decideCanary(readCanary(await lease.readLabels()), {
    change,
    node,
    run: run.id,
  });
  if (decision.next === 'pause') {
    const { canary } = decision;
    const left = (run.going.get(clusterId) ?? [node]).filter((name) => name !== canary);
    throw new SwarmError(
      'PausedAfterCanary',
      `${node}: ${canary} has gone first and is back, and the roll pauses behind it, as \`pauseAfter: canary\` declares; nothing of ${node} was touched; left to do: ${left.join(', ')}; look at ${canary}, and run \`pulumi up\` again, which goes on with the same change without another pause`,
      { source: 'user' },
    );
  }
  const { record } = decision;
  if (record !== undefined) await lease.changeLabels((labels) => withCanary(labels, record));
}

/** Notes that the canary is back; nothing for any other node. @param isLastLink see `canaryDone`. */
export async function endCanary(
  operation: Operation,
  access: SwarmAccess,
  node: string,
  isLastLink = false,
): Promise<void> {
  const { id: run } = runOf(operation);
  const record = readCanary(await readLeaseLabels(operation, access));
  const done = canaryDone(record, { node, run }, isLastLink);
  if (done === undefined) return;
  await changeLeaseLabels(operation, access, (labels) => withCanary(labels, done));
}
