import type { ManagerContact } from '../../../core/connection';
import { isSeen } from '../../../core/facts';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { hostStanding } from '../ask/hostStanding';
import { isLed } from '../ask/managers';
import type { SwarmAccess } from '../ask/managers';
import { startEngineAgain } from '../backup/interruptedBackup';
import { look } from '../gate/gatherGateFacts';
import { isHalfExchanged } from '../gate/unsettled';
import { withHostLock } from '../hold/hostLock';
import { withLease } from '../hold/lease';
import { putKeptBack, readUpgradeMark } from './keptEngine';

/**
 * Starts the engines that an interrupted upgrade in place left stopped, whatever is there by now, or puts the one
 * back that was kept: a manager whose engine does not run is a member of raft that answers nobody, and holds up
 * the gate of every other node. Its own Engine goes on from there. Under the lease, since the run that began it
 * may be alive; without a leader under the lock of the host.
 */
export async function startExchanged(
  operation: Operation,
  access: SwarmAccess,
  managers: readonly ManagerContact[],
  leaseSeconds: number,
): Promise<void> {
  for (const contact of managers) {
    const standing = await hostStanding(operation, contact.connection);
    const host = standing.kind === 'unknown' ? standing.host : undefined;
    if (host === undefined || !(await isHalfExchanged(host))) continue;
    const what = startAgain(contact.name);
    if (await isLed(operation, access, [contact.name])) {
      await withLease(operation, access, what, leaseSeconds, async (lease) => {
        await lease.confirm();
        await start(operation, contact, host);
      });
    } else {
      await withHostLock(operation, host, what, leaseSeconds, () =>
        start(operation, contact, host),
      );
    }
  }
}

/** The sentence of it, in preview too. */
export function startAgain(name: string): string {
  return `start the engine of ${name} again, which an upgrade in place has stopped`;
}

async function start(operation: Operation, contact: ManagerContact, host: Host): Promise<void> {
  const { name, connection } = contact;
  // Meanwhile its own run may have ended it.
  const mark = await readUpgradeMark(host);
  if (mark?.phase !== 'kept' || isSeen(await look(() => host.docker.version()))) return;
  await operation.step(startAgain(name), async () => {
    const whole = operation.uninterrupted();
    const started = await look(() => startEngineAgain(whole, name, host));
    if (isSeen(started)) return;
    const spec = { name, connection, machineId: '', managers: [contact] };
    await putKeptBack(whole, host, spec, mark);
  });
}
