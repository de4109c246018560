import { backupMarkPath, parseBackupMark } from '../../../core/backup';
import type { BackupMark } from '../../../core/backup';
import type { ManagerContact } from '../../../core/connection';
import { isSeen } from '../../../core/facts';
import { steps } from '../../../core/steps';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { engineUnits } from '../host/engineSetup';
import { look } from '../gate/gatherGateFacts';
import { hostStanding } from '../ask/hostStanding';
import { withLease } from '../hold/lease';
import { isLed } from '../ask/managers';
import type { SwarmAccess } from '../ask/managers';
import { timeoutsOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';
import { activate } from '../node/putNodeIn';
import { findEntry } from '../node/takeOut';
import { waitUntil } from '../ask/waitUntil';

/** A manager on which a backup was begun and not ended. */
export interface InterruptedBackup {
  readonly contact: ManagerContact;
  readonly host: Host;
  readonly mark: BackupMark;
}

/** The declared managers that a killed run left in the middle of a backup; one that does not answer is none. */
export async function interruptedBackups(
  operation: Operation,
  managers: readonly ManagerContact[],
): Promise<readonly InterruptedBackup[]> {
  const found = await Promise.all(
    managers.map((contact) =>
      look(async () => {
        const host = await operation.effects.hosts.connect(contact.connection);
        return { contact, host, mark: parseBackupMark(await host.files.read(backupMarkPath)) };
      }),
    ),
  );
  return found.flatMap((one) => {
    if (!isSeen(one)) return [];
    const { contact, host, mark } = one.seen;
    return mark === undefined ? [] : [{ contact, host, mark }];
  });
}

/**
 * Starts the engines that an interrupted backup left stopped. Under the lease, since the run that began
 * it may be alive; without a leader nobody holds one, and a stopped engine may be why.
 */
export async function startInterrupted(
  operation: Operation,
  access: SwarmAccess,
  interrupted: readonly InterruptedBackup[],
  leaseSeconds: number,
): Promise<void> {
  for (const { contact, host } of interrupted) {
    const start = (): Promise<void> =>
      operation.step(steps.endBackup(contact.name), () =>
        startEngineAgain(operation, contact.name, host),
      );
    if (isSeen(await look(() => host.docker.version()))) continue;
    // It is in no swarm any more, and whether it has an engine is not the backup's business.
    if ((await hostStanding(operation, contact.connection)).kind === 'none') continue;
    // Asked before: whoever waits for the lease waits for a leader as well.
    if (!(await isLed(operation, access, [contact.name]))) {
      await start();
      continue;
    }
    await withLease(
      operation,
      access,
      `end the backup of ${contact.name}`,
      leaseSeconds,
      async (lease) => {
        await lease.confirm();
        // Meanwhile its own run may have ended it.
        if (!isSeen(await look(() => host.docker.version()))) await start();
      },
    );
  }
}

/** What the nodes were given before their backup comes back, and nothing is left of it. */
export async function giveBack(
  operation: Operation,
  access: SwarmAccess,
  interrupted: readonly InterruptedBackup[],
): Promise<void> {
  for (const { contact, host, mark } of interrupted) {
    const { availability } = mark;
    const standing = await hostStanding(operation, contact.connection);
    if (availability !== undefined && standing.kind !== 'none') {
      const { nodeId } = await host.docker.info();
      // A node that was taken out meanwhile has nothing to be given back.
      if ((await findEntry(operation, access, nodeId)) !== undefined) {
        await activate(operation, { ...specOf(contact, access), availability }, nodeId);
      }
    }
    await host.files.remove(backupMarkPath);
  }
}

/**
 * As `giveBack`, at the head of a run. Under the lease: the run that began the backup may be alive, and its
 * node would become active, without its mark, right before its engine is stopped.
 */
export async function giveBackInterrupted(
  operation: Operation,
  access: SwarmAccess,
  interrupted: readonly InterruptedBackup[],
  leaseSeconds: number,
): Promise<void> {
  if (interrupted.length === 0) return;
  const contacts = interrupted.map(({ contact }) => contact);
  const names = contacts.map(({ name }) => name).join(', ');
  await withLease(operation, access, `end the backup of ${names}`, leaseSeconds, async (lease) => {
    await lease.confirm();
    // Meanwhile its own run may have ended it.
    await giveBack(operation, access, await interruptedBackups(operation, contacts));
  });
}

/** Starts an engine that a backup stopped, until it answers; what it still needs (its key) is not seen to. */
export async function startEngineAgain(
  operation: Operation,
  name: string,
  host: Host,
): Promise<void> {
  for (const unit of engineUnits) {
    // An engine that was there already may come without a socket.
    if ((await host.systemd.state(unit)) !== 'absent') await host.systemd.start(unit);
  }
  await waitUntil(operation, `the engine of ${name} answers`, 120, async () => {
    await host.docker.version();
    return true;
  });
}

/** A declared manager as the node that it is, for steps of its own. */
export function specOf(
  { name, address, connection }: ManagerContact,
  { clusterId, managers }: SwarmAccess,
  timeouts: NodeInputs['timeouts'] = {},
): NodeInputs {
  const node = { name, address, connection, role: 'manager', engineId: '' } as const;
  return { ...node, clusterId, managers, timeouts: timeoutsOf({ timeouts }) };
}
