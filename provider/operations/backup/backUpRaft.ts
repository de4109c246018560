import { backupMarkPath, renderBackupMark, whyNotOnly, whyNotStopped } from '../../../core/backup';
import { isSeen } from '../../../core/facts';
import { steps } from '../../../core/steps';
import type { Host } from '../../../effects/effects';
import { drain, undoDrain } from '../node/drain';
import { look } from '../gate/gatherGateFacts';
import { giveBack, specOf } from './interruptedBackup';
import { keepBaseline } from '../gate/keepBaseline';
import { accessOf, timeoutsOf } from '../ask/nodeSpec';
import { passGate } from '../gate/passGate';
import { planBackup } from './planBackup';
import type { BackupPlan, BeforeGoing } from './planBackup';
import { isNotOurs } from '../hold/held';
import { takeBackup } from './takeBackup';

/**
 * Before the first manager of a run is drained: whether its swarm can be backed up at all; and where it
 * leads itself, the backup of a follower, which is drained for it and gets its availability back.
 *
 * @throws SwarmError `BackupImpossible`, `LocalDirectoryUnfit`: nothing was touched. `BackupFailed`: all is as before.
 */
export async function backUpBeforeDrain(going: BeforeGoing): Promise<void> {
  const plan = await planBackup(going);
  if (plan === undefined || plan.node.id === going.entry.id) return;
  await backUpFollower(going, plan);
}

/**
 * After its drain: the backup of the manager that goes, unless one was taken in this run.
 *
 * @throws SwarmError `BackupFailed`: the manager is in control again, and available as before.
 */
export async function backUpAfterDrain(going: BeforeGoing): Promise<void> {
  try {
    const plan = await planBackup(going);
    if (plan === undefined) return;
    if (plan.node.id !== going.entry.id) {
      await backUpFollower(going, plan);
      return;
    }
    const { operation, lease, machine, spec } = going;
    if (machine === undefined) return;
    const mark = renderBackupMark({ availability: undefined });
    await machine.files.write(backupMarkPath, mark, { mode: 0o600 });
    const source = { spec, ...plan, host: machine };
    const whyNot = going.isOutage === true ? whyNotOnly : whyNotStopped;
    await takeBackup(operation, lease, source, whyNot);
    await machine.files.remove(backupMarkPath);
    await going.passGateAgain();
  } catch (error) {
    if (!isNotOurs(error)) {
      await undoDrain(going);
      if (going.machine !== undefined) await forgetMark(going.machine);
    }
    throw error;
  }
}

/** Another manager, with a gate of its own; back as it was before the one that goes is touched. */
async function backUpFollower(going: BeforeGoing, plan: BackupPlan): Promise<void> {
  const { operation, lease } = going;
  const { node, contact, directory } = plan;
  if (contact === undefined) return;
  const access = accessOf(going.spec);
  const { availability } = node;
  const spec = { ...specOf(contact, access, going.spec.timeouts), availability };
  const host = await operation.effects.hosts.connect(contact.connection);
  const follower = { operation, spec, entry: node, lease, isDestroy: false };
  await lease.step(steps.gate(spec.name), async () => {
    await passGate(
      operation,
      access,
      { name: spec.name, role: 'manager' },
      { maxUnavailable: spec.maxUnavailable ?? 1, timeoutSeconds: timeoutsOf(spec).gate },
    );
    await keepBaseline(follower);
  });
  const mark = { availability };
  await host.files.write(backupMarkPath, renderBackupMark(mark), { mode: 0o600 });
  let isDrained = false;
  try {
    await lease.step(steps.drain(spec.name), () => drain(follower));
    isDrained = true;
    await takeBackup(operation, lease, { spec, node, host, directory }, whyNotStopped);
  } catch (error) {
    if (isNotOurs(error)) throw error;
    if (isDrained) await undoDrain(follower);
    await forgetMark(host);
    throw error;
  }
  await giveBack(operation, access, [{ contact, host, mark }]);
  await going.passGateAgain();
}

/** Unless its engine is still stopped: then the next run starts it by this mark. */
async function forgetMark(host: Host): Promise<void> {
  if (isSeen(await look(() => host.docker.version()))) await host.files.remove(backupMarkPath);
}
