import { backupMarkPath, renderBackupMark, whyNotOnly } from '../../../core/backup';
import type { BackupPolicy } from '../../../core/backup';
import { SwarmError, errorMessage } from '../../../core/errors';
import type { SwarmNodeFacts } from '../../../core/facts';
import { allowDestroyLabel } from '../../../core/labels';
import { steps } from '../../../core/steps';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { isNotOurs } from '../hold/held';
import { swarmStateFile } from '../ask/hostStanding';
import { askManager } from '../ask/managers';
import { accessOf, timeoutsOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';
import { backupDirectory } from '../backup/backupDirectory';
import { noteTaken } from '../backup/backupsTaken';
import { bringBack, raftDirectory, stopAndCopy } from '../backup/takeBackup';
import { keepBaseline } from '../gate/keepBaseline';
import { withHostLock } from '../hold/hostLock';
import type { HostLock } from '../hold/hostLock';
import { withLease } from '../hold/lease';
import { drain, undoDrain } from '../node/drain';
import { refuseLocalData } from '../node/refuseLocalData';
import { beginTurn } from '../turn/turn';
import type { Turn } from '../turn/turn';
import { noteUnlockKeys } from '../swarm/notedKeys';
import { passOutageGate } from './passOutageGate';
import { noteBackups, withdrawRestore, writePendingRestore } from './pendingRestore';

/** The only manager, on its way out with nobody in its place. */
export interface OutageGoing extends Turn {
  readonly operation: Operation;
  readonly spec: NodeInputs;
  readonly entry: SwarmNodeFacts;
  readonly machine: Host;
  readonly backup: BackupPolicy;
}

/**
 * Brings the swarm of an only manager into an archive: gate, drain, engine stopped, raft state copied and
 * verified, noted as pending, and only then set aside on its host. Nobody leaves the swarm.
 *
 * Until the last step the host has the swarm, and a run that is repeated begins anew; from it on the archive
 * has, and no engine can start as this manager by itself.
 *
 * @throws SwarmError `TimedOut`, `LocalData`, `LocalDirectoryUnfit`: nothing was touched. `OutageImpossible`: all is as before.
 */
export async function archiveSwarm(going: OutageGoing): Promise<void> {
  const { operation, spec, machine, backup } = going;
  const { gate } = timeoutsOf(spec);
  const directory = backupDirectory(backup);
  noteBackups(operation, backup);
  // Also while there is no leader to keep a lease.
  await withHostLock(
    operation,
    machine,
    `take ${spec.name} out, the only manager`,
    gate,
    async (lock) => {
      await operation.effects.local.ensurePrivateDirectory(directory);
      if ((await machine.files.read(swarmStateFile)) === undefined) {
        throw new SwarmError(
          'OutageImpossible',
          `${spec.name}: its engine keeps its swarm elsewhere than in ${raftDirectory} (another data-root?); nothing was touched; let a worker stand in, or move the engine's directory`,
          { source: 'user' },
        );
      }
      // Whatever is noted here is of before: the swarm is on its host.
      await withdrawRestore(operation, spec.clusterId);
      await emptyNode(going);
      await machine.files.write(backupMarkPath, renderBackupMark({ availability: undefined }), {
        mode: 0o600,
      });
      await handIntoArchive(going, lock, directory);
      await machine.files.remove(backupMarkPath);
    },
  );
  noteTaken(operation, spec.clusterId);
}

/** The lease is given back before the engine stops: it would be in the archive, held by nobody. */
async function emptyNode(going: OutageGoing): Promise<void> {
  const { operation, spec, machine } = going;
  const access = accessOf(spec);
  const { gate } = timeoutsOf(spec);
  await withLease(operation, access, `take manager ${spec.name} out`, gate, async (lease) => {
    await lease.step(steps.gate(spec.name), async () => {
      await passOutageGate(operation, access, spec.name, gate);
      await refuseLocalData(operation, access, spec, machine);
    });
    await beginTurn(operation, lease, spec, going);
    await keepBaseline({ operation, spec, lease });
    const draining = { ...going, lease, isDestroy: false, isOutage: true };
    await lease.step(steps.drain(spec.name), () => drain(draining));
    try {
      // Minutes may have gone by.
      await lease.step(steps.gate(spec.name), () =>
        passOutageGate(operation, access, spec.name, gate),
      );
    } catch (error) {
      await undoDrain(draining);
      throw error;
    }
  });
}

async function handIntoArchive(
  going: OutageGoing,
  lock: HostLock,
  directory: string,
): Promise<void> {
  const { operation, spec, entry, machine } = going;
  const [key, { labels }] = await askManager(operation, accessOf(spec), ({ docker }) =>
    Promise.all([docker.unlockKey(), docker.swarm()]),
  );
  // Held before the engine stops: it is in the archive afterwards, behind itself.
  noteUnlockKeys(operation, spec.clusterId, key === undefined ? {} : { unlockKey: key });
  const source = { spec, node: entry, host: machine, directory };
  try {
    const description = await lock.step(steps.archive(spec.name), () =>
      stopAndCopy(operation, source, whyNotOnly),
    );
    await lock.step(steps.setAside(spec.name), async () => {
      const allowDestroy = labels[allowDestroyLabel] === 'true';
      await writePendingRestore(operation, directory, { ...description, allowDestroy });
      await setAside(machine);
    });
  } catch (error) {
    if (isNotOurs(error)) throw error;
    await takeBack(going, key, error);
    throw impossible(spec.name, error);
  }
}

/** An answer that was lost on its way is asked for again: the step may be done. */
async function setAside(host: Host): Promise<void> {
  try {
    await host.files.setAside(raftDirectory);
  } catch (error) {
    if ((await host.files.read(swarmStateFile)) !== undefined) throw error;
  }
}

/** The engine runs as before, with its swarm; what is noted beside the archive goes first, or it would be of before. */
async function takeBack(
  going: OutageGoing,
  key: string | undefined,
  failure: unknown,
): Promise<void> {
  const { operation, spec, entry, machine } = going;
  if ((await machine.files.read(swarmStateFile)) === undefined) throw failure;
  await withdrawRestore(operation, spec.clusterId);
  await bringBack(operation, { spec, node: entry, host: machine }, key, failure);
  await withLease(
    operation,
    accessOf(spec),
    `give ${spec.name} back`,
    timeoutsOf(spec).gate,
    (lease) => undoDrain({ ...going, lease, isDestroy: false }),
  );
  await machine.files.remove(backupMarkPath);
}

function impossible(name: string, error: unknown): SwarmError {
  return new SwarmError(
    'OutageImpossible',
    `${name}: its swarm was not archived (${errorMessage(error)}); its engine runs again, and nothing was taken out; mend that and run \`pulumi up\` again`,
    { source: 'world', cause: error },
  );
}
