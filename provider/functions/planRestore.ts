import type { BackupPolicy } from '../../core/backup';
import { errorMessage } from '../../core/errors';
import { whyNotRestorable } from '../../core/outage';
import type { RestoreSight } from '../../core/rolloutFacts';
import { isOutside } from '../operations/ask/hostStanding';
import type { HostStanding } from '../operations/ask/hostStanding';
import { noteBackups, pendingRestoreOf } from '../operations/outage/pendingRestore';
import type { FoundRestore } from '../operations/outage/pendingRestore';
import type { Operation } from '../server/resource';

interface RestoreNode {
  readonly name: string;
  readonly address: string;
  readonly engineVersion: string | undefined;
}

/** The archive that the swarm of these managers is in, where none of them has it. */
export async function planRestore(
  operation: Operation,
  {
    managers,
    backup,
  }: { readonly managers: readonly RestoreNode[]; readonly backup?: BackupPolicy },
  standings: readonly { readonly standing: HostStanding }[],
): Promise<RestoreSight | undefined> {
  noteBackups(operation, backup);
  if (!standings.every(({ standing }) => isOutside(standing))) return undefined;
  const found = await pendingRestoreOf(operation, managers);
  const node = managers.find(({ address }) => address === found?.pending.address) ?? managers[0];
  if (found === undefined || node === undefined) return undefined;
  const { archive, pending } = found;
  const why = await faultOf(operation, found, node);
  return {
    ...{ name: node.name, archive, takenAt: pending.takenAt },
    fault:
      why === undefined
        ? undefined
        : `${node.name}: its swarm waits in ${archive}, and it cannot be put back: ${why}`,
  };
}

async function faultOf(
  { effects }: Operation,
  { archive, pending }: FoundRestore,
  { address, engineVersion }: RestoreNode,
): Promise<string | undefined> {
  const why = whyNotRestorable(pending, {
    address,
    engineVersion: engineVersion ?? pending.engineVersion,
  });
  if (why !== undefined) return why;
  try {
    return (await effects.local.size(archive)) === pending.bytes
      ? undefined
      : 'it is not what was archived';
  } catch (error) {
    return errorMessage(error);
  }
}
