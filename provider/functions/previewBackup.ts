import type { BackupPolicy } from '../../core/backup';
import type { ManagerContact } from '../../core/connection';
import { isSeen } from '../../core/facts';
import { pause } from '../../core/quorum';
import type { RolloutPlan } from '../../core/rolloutFacts';
import { backupDirectory } from '../operations/backup/backupDirectory';
import { look } from '../operations/gate/gatherGateFacts';
import { askManager } from '../operations/ask/managers';
import type { Operation } from '../server/resource';

/** What a run that replaces a manager has to say of the backup before it; empty when none goes. */
export interface BackupPreview {
  readonly turns: readonly string[];
  /** Why raft could not be backed up. */
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
}

export async function previewBackup(
  operation: Operation,
  declared: {
    readonly backup?: BackupPolicy;
    readonly managers: readonly ManagerContact[];
    readonly standIn?: unknown;
  },
  { turns }: RolloutPlan,
  clusterId: string | undefined,
): Promise<BackupPreview> {
  const { backup, managers } = declared;
  const isRolling = turns.some(
    ({ kind, role }) => (kind === 'replace' || kind === 'inPlace') && role === 'manager',
  );
  if (backup === undefined || !isRolling) return { turns: [], reasons: [], warnings: [] };
  const directory = backupDirectory(backup);
  const fault = await operation.effects.local.privateDirectoryFault(directory);
  const swarm =
    clusterId === undefined
      ? undefined
      : await look(() =>
          askManager(operation, { clusterId, managers }, ({ docker }) => docker.swarm()),
        );
  const isAutolocked = swarm !== undefined && isSeen(swarm) && swarm.seen.isAutolocked;
  return {
    turns: [`raft is backed up to ${directory} before the first manager goes`],
    reasons: [
      ...majorityReasons(declared),
      ...(fault === undefined ? [] : [`${directory}: ${fault}`]),
    ],
    warnings:
      isAutolocked && managers.length > 1
        ? [
            'with autolock a backup brings back no swarm that has lost all its managers: the Engine cannot make a manager with an encrypted state the only one; ' +
              'turn autolock off if that is what backups are for (docs/backup.md)',
          ]
        : [],
  };
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
