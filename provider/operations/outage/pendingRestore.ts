import { dirname, join } from 'node:path';
import { isSameAddress } from '../../../core/addresses';
import type { BackupPolicy } from '../../../core/backup';
import type { ManagerContact } from '../../../core/connection';
import { SwarmError } from '../../../core/errors';
import {
  isPendingRestoreName,
  parsePendingRestore,
  pendingRestoreName,
  renderPendingRestore,
} from '../../../core/outage';
import type { PendingRestore } from '../../../core/outage';
import { ofProcess } from '../../server/ofProcess';
import type { Operation } from '../../server/resource';
import { backupDirectory } from '../backup/backupDirectory';

/** A swarm that is in an archive and on no host, as its file in a directory of backups says. */
export interface FoundRestore {
  readonly pending: PendingRestore;
  /** Path of that file. */
  readonly path: string;
  /** Path of the archive. */
  readonly archive: string;
}

const notedIn = ofProcess(() => new Set<string>());

/**
 * Where to look, for the life of the process: `destroy` runs no program, and a declaration may have lost its
 * `backup` meanwhile. The Read of Swarm, before either, knows what was declared last.
 */
export function noteBackups(operation: Operation, policy: BackupPolicy | undefined): void {
  if (policy !== undefined) notedIn(operation).add(backupDirectory(policy));
}

function directories(operation: Operation): readonly string[] {
  operation.isRegistered('swarm:index:Swarm', ({ roll }) => {
    noteBackups(operation, policyIn(roll));
    return false;
  });
  return [...notedIn(operation)];
}

/** Of a Swarm's inputs, which a Check may have found faulty. */
function policyIn(roll: unknown): BackupPolicy | undefined {
  const at = (value: unknown, key: string): unknown =>
    typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  const directory = at(at(roll, 'backup'), 'directory');
  return typeof directory === 'string' && directory !== '' ? { directory } : undefined;
}

/** Whether this swarm is in an archive. @throws SwarmError `RestoreRefused`, `FileMissing`: failing to look is never "no". */
export async function pendingRestore(
  operation: Operation,
  clusterId: string,
): Promise<FoundRestore | undefined> {
  for (const directory of directories(operation)) {
    const found = await readPending(operation, directory, pendingRestoreName(clusterId));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The archived swarm of any of these managers, for those who know no cluster ID. */
export async function pendingRestoreOf(
  operation: Operation,
  managers: readonly Pick<ManagerContact, 'address'>[],
): Promise<FoundRestore | undefined> {
  for (const directory of directories(operation)) {
    const names = await operation.effects.local.listIfThere(directory);
    for (const name of names.filter(isPendingRestoreName)) {
      const found = await readPending(operation, directory, name);
      const isOfThese = managers.some(({ address }) =>
        isSameAddress(address, found?.pending.address ?? ''),
      );
      if (found !== undefined && isOfThese) return found;
    }
  }
  return undefined;
}

async function readPending(
  operation: Operation,
  directory: string,
  name: string,
): Promise<FoundRestore | undefined> {
  const path = join(directory, name);
  const text = await operation.effects.local.read(path);
  if (text === undefined) return undefined;
  const pending = parsePendingRestore(text);
  if (pending === undefined || pendingRestoreName(pending.clusterId) !== name) {
    throw new SwarmError(
      'RestoreRefused',
      `${path}: it should say which swarm waits here to be restored, and it cannot be read; nothing was touched; ` +
        'restore the swarm from its archive by hand (docs/backup.md), and remove this file then',
      { source: 'user' },
    );
  }
  return { pending, path, archive: join(directory, pending.archive) };
}

/** From here on the archive is the swarm, as soon as its raft state is off its host. */
export async function writePendingRestore(
  operation: Operation,
  directory: string,
  pending: PendingRestore,
): Promise<void> {
  const path = join(directory, pendingRestoreName(pending.clusterId));
  await operation.effects.local.writePrivate(path, renderPendingRestore(pending));
}

/** The swarm is on a host: what waits here, wherever that is, would be of before. The archives stay. */
export async function withdrawRestore(operation: Operation, clusterId: string): Promise<void> {
  for (const directory of directories(operation)) {
    const found = await readPending(operation, directory, pendingRestoreName(clusterId));
    if (found !== undefined) await operation.effects.local.remove(found.path);
  }
}

/**
 * While a swarm is in its archive, the declaration has to go on naming its directory: what is stored of it is
 * where the next run looks. @throws SwarmError `RestoreRefused`; nothing was touched.
 */
export function refuseAnotherDirectory(
  { pending, path }: FoundRestore,
  policy: BackupPolicy | undefined,
): void {
  const directory = dirname(path);
  if (policy !== undefined && backupDirectory(policy) === directory) return;
  throw new SwarmError(
    'RestoreRefused',
    `swarm ${pending.clusterId} waits in ${directory} to be restored, and another backup.directory is declared, or none; nothing was touched; declare ${directory} until the swarm is back`,
    { source: 'user' },
  );
}
