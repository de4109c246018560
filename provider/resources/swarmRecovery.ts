import { parseRecoverFrom } from '../../core/recoveryToken';
import { steps } from '../../core/steps';
import type { RecoveryAccess } from '../operations/recovery/gatherRecovery';
import { recoverSwarm } from '../operations/recovery/recoverSwarm';
import type { Operation, PropertyMap } from '../server/resource';
import { list, text } from './properties';

/** The inputs of Swarm that a recovery is asked for by. */
export interface RecoveryInputs {
  readonly recoverFrom?: string;
  readonly lost?: readonly string[];
}

export const recoveryInputs = {
  recoverFrom: text(
    '`NAME@TOKEN`: the manager that carries the swarm on alone after its quorum was lost for good, with the token that `pulumi preview` prints. Works once; with a quorum it does nothing but warn. In place.',
    false,
  ),
  lost: list(
    { type: 'string', description: 'Name of a manager, or its address if it is not declared.' },
    'Members that never come back and cannot be shown to be gone; only for `recoverFrom`. In place.',
  ),
};

export async function recover(
  operation: Operation,
  access: RecoveryAccess,
  { recoverFrom, lost }: RecoveryInputs,
): Promise<void> {
  if (recoverFrom === undefined) return;
  await recoverSwarm(operation, access, { from: recoverFrom, lost: lost ?? [] });
}

export function previewRecovery(wanted: PropertyMap, state: PropertyMap): readonly string[] {
  const { recoverFrom } = wanted;
  const name = typeof recoverFrom === 'string' ? parseRecoverFrom(recoverFrom)?.name : undefined;
  return name === undefined || recoverFrom === state['recoverFrom']
    ? []
    : [`${steps.recover(name)}, if its quorum is lost`];
}

export function checkRecovery(wanted: PropertyMap): { property: string; reason: string }[] {
  const { recoverFrom } = wanted;
  return typeof recoverFrom !== 'string' || parseRecoverFrom(recoverFrom) !== undefined
    ? []
    : [
        {
          property: 'recoverFrom',
          reason: `"${recoverFrom}" is no NAME@TOKEN; take the one that \`pulumi preview\` prints`,
        },
      ];
}
