import { engineDueOf, type EngineDue } from '../../../core/engineDue';
import type { BackupPolicy } from '../../../core/backup';
import { declaredManagersLabel, declaredNames, declaredWorkersLabel } from '../../../core/labels';
import { parseRenames, returnsAs } from '../../../core/renames';
import { isStartFirst, parseRollPolicy } from '../../../core/rollPolicy';
import type { Operation } from '../../server/resource';
import { policyOfTurn } from '../turn/turn';
import type { Turn } from '../turn/turn';
import { askManager } from './managers';
import { accessOf } from './nodeSpec';
import type { NodeInputs } from './nodeSpec';

/** What the present run declares about a node that goes, as `Swarm` wrote it at the head of the run. */
export interface DeclaredNow extends Turn {
  /** The node's inputs, with the present policy. */
  readonly spec: NodeInputs;
  /** Who is a manager meanwhile; undefined: nobody, or the node does not come back. */
  readonly standIn: true | string | undefined;
  /** Where raft is backed up before the first manager of a run goes; undefined: nowhere. */
  readonly backup: BackupPolicy | undefined;
  /** An only manager may go with nobody in its place, and comes back. */
  readonly isOutageAllowed: boolean;
  /** Its tasks are moved start-first before the drain. */
  readonly isStartFirst: boolean;
  /** The engine it gets, if that is to be brought near before it goes. */
  readonly engineDue: EngineDue | undefined;
  /** Names of the declared workers. */
  readonly workers: readonly string[];
}

/** A Delete has the inputs of the run before: how its node goes is what the present run declares. */
export async function declaredNow(operation: Operation, before: NodeInputs): Promise<DeclaredNow> {
  const { labels } = await askManager(operation, accessOf(before), ({ docker }) => docker.swarm(), {
    avoid: [before.name],
  });
  const managers = declaredNames(labels, declaredManagersLabel) ?? [];
  const workers = declaredNames(labels, declaredWorkersLabel) ?? [];
  const policy = parseRollPolicy(labels);
  const told = {
    returnsAs: returnsAs(labels, before.name),
    ...policyOfTurn(policy),
    engineDue: engineDueOf(policy?.engines, before.name),
    workers,
  };
  if (policy === undefined) {
    const none = {
      standIn: undefined,
      backup: undefined,
      isOutageAllowed: false,
      isStartFirst: false,
    };
    return { spec: before, ...none, ...told };
  }
  const { timeouts, maxUnavailable, ...rest } = before;
  const returns =
    managers.includes(before.name) || Object.values(parseRenames(labels)).includes(before.name);
  return {
    spec: {
      ...rest,
      timeouts: policy.timeouts ?? {},
      ...(policy.maxUnavailable === undefined ? {} : { maxUnavailable: policy.maxUnavailable }),
    },
    standIn: returns && before.role === 'manager' ? policy.standIn : undefined,
    backup: policy.backup,
    isStartFirst: isStartFirst(policy, before.name),
    isOutageAllowed: returns && policy.allowOutage === true,
    ...told,
  };
}
