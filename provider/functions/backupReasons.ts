import type { BackupPolicy } from '../../core/backup';
import { pause } from '../../core/quorum';
import type { RolloutPlan } from '../../core/rollout';
import { backupDirectory } from '../operations/backupDirectory';
import type { Operation } from '../server/resource';

/** Why raft could not be backed up before the first manager goes; empty when none goes. */
export async function backupReasons(
  operation: Operation,
  declared: {
    readonly backup?: BackupPolicy;
    readonly managers: readonly unknown[];
    readonly standIn?: unknown;
  },
  { turns }: RolloutPlan,
): Promise<readonly string[]> {
  const { backup } = declared;
  const isRolling = turns.some(({ kind, role }) => kind === 'replace' && role === 'manager');
  if (backup === undefined || !isRolling) return [];
  const directory = backupDirectory(backup);
  const fault = await operation.effects.local.privateDirectoryFault(directory);
  return [...majorityReasons(declared), ...(fault === undefined ? [] : [`${directory}: ${fault}`])];
}

/** A stand-in is a manager by then. Of one manager the plan speaks by itself. */
function majorityReasons({
  managers,
  standIn,
}: {
  readonly managers: readonly unknown[];
  readonly standIn?: unknown;
}): readonly string[] {
  const members = managers.length + (standIn === undefined ? 0 : 1);
  if (members === 1 || pause(members, members - 1).isAllowed) return [];
  return [
    `raft cannot be backed up before a manager goes: of ${String(members)} managers, none may stand still without the majority going; ` +
      'declare three, or take `backup` out of the declaration for this run',
  ];
}
