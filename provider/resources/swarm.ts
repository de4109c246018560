import { poolSettingInForce, poolSettings } from '../../core/addressPools';
import { isCidr } from '../../core/addresses';
import { withPresentKey } from '../../core/autolock';
import type { ManagerContact } from '../../core/connection';
import { SwarmError, errorMessage } from '../../core/errors';
import type { InputFailure } from '../../core/errors';
import {
  allowDestroyLabel,
  declaredManagersLabel,
  declaredNames,
  declaredVipsLabel,
  declaredWorkersLabel,
} from '../../core/labels';
import type { Labels } from '../../core/labels';
import { hookFaults, hookMoments } from '../../core/hooks';
import type { Hook } from '../../core/hooks';
import { localDataLabel, renderLocalData } from '../../core/localData';
import type { LocalDataChoices } from '../../core/localData';
import { quoted } from '../../core/quoted';
import { parseRenames, renamedLabel, renderRenames } from '../../core/renames';
import type { Renames } from '../../core/renames';
import { parseRollPolicy, renderRollPolicy, rollPolicyLabel } from '../../core/rollPolicy';
import type { RollPolicy } from '../../core/rollPolicy';
import { steps } from '../../core/steps';
import { importSwarm } from '../imports/swarm';
import { evictUndeclared } from '../operations/swarm/evictUndeclared';
import { findSwarm } from '../operations/swarm/existingSwarm';
import { foundSwarm } from '../operations/swarm/foundSwarm';
import {
  giveBackInterrupted,
  interruptedBackups,
  startInterrupted,
} from '../operations/backup/interruptedBackup';
import { timeoutsOf } from '../operations/ask/nodeSpec';
import {
  noteBackups,
  refuseAnotherDirectory,
  withdrawRestore,
} from '../operations/outage/pendingRestore';
import type { FoundRestore } from '../operations/outage/pendingRestore';
import { refuseUnknownRestore, restoreDue } from '../operations/outage/restoreDue';
import { noteUnlockKeys } from '../operations/swarm/notedKeys';
import { keysOf, settleAutolock, unlockDeclared } from '../operations/swarm/swarmKeys';
import { startAgain, startExchanged } from '../operations/inPlace/startExchanged';
import { describeUnsettled, unsettledManagers } from '../operations/gate/unsettled';
import type { Unsettled } from '../operations/gate/unsettled';
import { hostStanding, isOutside } from '../operations/ask/hostStanding';
import { askManager } from '../operations/ask/managers';
import type { SwarmAccess } from '../operations/ask/managers';
import { deletePurpose } from '../operations/swarm/consent';
import { diffInputs } from '../server/diffInputs';
import { hasUnknown, isList, isMap } from '../server/propertyValues';
import type { DiffResult, Operation, PropertyMap, Resource } from '../server/resource';
import { contactFaults, declaredFaults } from './nameFaults';
import {
  checkProperties,
  count,
  flag,
  hooksProperty,
  list,
  managersProperty,
  record,
  rollPolicyProperty,
  secretText,
  text,
  textMap,
} from './properties';
import { checkRecovery, previewRecovery, recover, recoveryInputs } from './swarmRecovery';
import type { RecoveryInputs } from './swarmRecovery';

export interface SwarmInputs extends RecoveryInputs {
  readonly name: string;
  readonly managers: readonly ManagerContact[];
  readonly standIns?: readonly ManagerContact[];
  readonly declared: {
    readonly managers: readonly string[];
    readonly workers: readonly string[];
    readonly renamed?: Renames;
    readonly localData?: LocalDataChoices;
    readonly vips?: readonly string[];
  };
  readonly roll?: RollPolicy;
  readonly hooks?: readonly Hook[];
  readonly allowDestroy?: boolean;
  readonly addressPools?: readonly string[];
  readonly subnetSize?: number;
  readonly adopt?: string;
  readonly autolock?: boolean;
  readonly unlockWith?: string;
}

const name = { type: 'string', description: 'Name of a node.' } as const;

const inputs = {
  name: text('Name of the cluster, for messages.'),
  managers: managersProperty,
  standIns: {
    ...managersProperty,
    isRequired: false,
    description:
      'Workers that may be managers while the only one is out, as plain data. A change of it is no change of the resource.',
  },
  declared: record(
    {
      managers: list(name, 'Names of the declared managers.', true),
      workers: list(name, 'Names of the declared workers.', true),
      renamed: textMap('Previous names of renamed nodes, by their new names.'),
      vips: list(name, 'Names of the declared virtual IPs.'),
      localData: textMap('Choices about local data, `keep` or `discard`, by the nodes’ names.'),
    },
    'Names of every declared node. Changed in place: members that are unreachable and no longer declared are evicted.',
  ),
  roll: rollPolicyProperty,
  hooks: hooksProperty,
  allowDestroy: flag(
    'Consent to destroy the whole cluster. Written to the swarm by `up`; without it `pulumi destroy` refuses before anything is touched. Default: false. Changed in place.',
  ),
  addressPools: list(
    { type: 'string', description: 'A subnet in CIDR form.' },
    'Pools that overlay networks get their subnets from. Fixed when the swarm is founded.',
  ),
  subnetSize: count(
    'Prefix length of the subnets from the pools. Fixed when the swarm is founded.',
  ),
  adopt: text(
    'Cluster ID of a running swarm to take over; nothing of it is changed by that but labels of this package. Its removal, once the swarm is taken over, is a change in place.',
    false,
  ),
  autolock: flag(
    'Managers lock their raft state on each restart of their engine, until they are given the unlock key. Default: as it is (off in a new swarm). Changed in place.',
  ),
  unlockWith: secretText(
    'A further unlock key to try on a locked manager, for one that was rotated by hand while the state could not see it. A change of it is no change of the resource.',
    false,
  ),
  ...recoveryInputs,
};

const impacts = {
  name: 'update',
  managers: 'ignore',
  standIns: 'ignore',
  declared: 'update',
  roll: 'update',
  // A run asks the program itself for them.
  hooks: 'ignore',
  allowDestroy: 'update',
  addressPools: 'ignore',
  subnetSize: 'ignore',
  // The first run without it is an ordinary one: its head evicts what a take-over leaves alone.
  adopt: 'update',
  autolock: 'update',
  unlockWith: 'ignore',
  recoverFrom: 'update',
  lost: 'update',
} as const satisfies Record<keyof SwarmInputs, unknown>;

/** The swarm itself: founded once, found again by its cluster ID ever after. */
export const swarm: Resource = {
  token: 'swarm:index:Swarm',
  description:
    'A Docker swarm: founded once, on the first of its managers whose engine is up, and never a second time.',
  inputs,
  outputs: {
    clusterId: text('ID of the swarm.'),
    unlockKey: secretText('What managers are unlocked with; absent while autolock is off.'),
    earlierUnlockKeys: {
      ...list(
        { type: 'string', description: 'An unlock key.' },
        'Unlock keys of before, newest first: for a manager that was down when the key changed.',
      ),
      isSecret: true,
    },
    unsettled: textMap(
      'Declared managers that were seen `locked`, or left in the middle of a `backup`; `up` sets them right first.',
    ),
  },
  // The key is held, and locked managers are seen, before anything of a run is planned.
  refreshBeforeUpdate: true,
  importing: importSwarm,
  check: (wanted, old) => ({
    inputs: wanted,
    failures: [
      ...checkProperties(inputs, wanted),
      ...contactFaults(wanted['managers']),
      ...declaredFaults(wanted['declared']),
      ...checkPools(wanted),
      ...checkFixed(wanted, old),
      ...checkRecovery(wanted),
      ...checkHooks(wanted['hooks']),
    ],
  }),
  diff: (old, wanted) =>
    withUnsettled(old.state, diffInputs(impacts, asNow(old.inputs, wanted), wanted)),
  previewCreate: (wanted, operation) => previewFounding(wanted, operation),
  previewUpdate: (wanted, state) => [
    ...Object.entries(unsettledOf(state)).map(([manager, why]) =>
      settling[why as Unsettled](manager),
    ),
    ...previewRecovery(wanted, state),
    'write consent and declared names to the swarm; evict unreachable members that are no longer declared',
  ],
  create: async (wanted, operation) => {
    const spec = wanted as unknown as SwarmInputs;
    if (spec.unlockWith !== undefined) {
      const access = { clusterId: spec.adopt ?? '', managers: spec.managers };
      await unlockDeclared(operation, access, {}, spec.unlockWith);
    }
    // The state was lost with the quorum: the token says which swarm it is.
    await recover(operation, { clusterId: spec.adopt, managers: spec.managers }, spec);
    const clusterId = await foundSwarm(operation, spec, swarmLabels(spec));
    if (spec.adopt !== undefined) {
      // Our own book-keeping is all that a take-over writes: without it a declared consent had no effect.
      await askManager(operation, { clusterId, managers: spec.managers }, ({ docker }) =>
        docker.setSwarmLabels(swarmLabels(spec)),
      );
    }
    const access = { clusterId, managers: spec.managers };
    const keys = await settleAutolock(operation, access, {}, spec.autolock);
    return { id: clusterId, outputs: { clusterId, ...keys } };
  },
  read: (id, { inputs: known, state }, operation) => look(id, known, state, operation),
  update: async (id, { state }, wanted, operation) => {
    const spec = wanted as unknown as SwarmInputs;
    const access = accessTo(id, spec);
    const known = keysOf(state);
    noteUnlockKeys(operation, id, known);
    const archived = await restoreDue(operation, access);
    if (archived !== undefined) {
      refuseAnotherDirectory(archived, spec.roll?.backup);
      // Its node's Create, further on in this run, puts it back. What is declared is written by the next run:
      // the Read of it shows the difference.
      operation.log('warning', describeArchived(archived));
      return { outputs: { clusterId: id, ...known } };
    }
    await refuseUnknownRestore(operation, access);
    const interrupted = await interruptedBackups(operation, spec.managers);
    const { gate } = timeoutsOf(spec.roll ?? {});
    await startInterrupted(operation, access, interrupted, gate);
    await startExchanged(operation, access, spec.managers, gate);
    await unlockDeclared(operation, access, known, spec.unlockWith);
    await recover(operation, access, spec);
    await giveBackInterrupted(operation, access, interrupted, gate);
    await operation.step('write consent and declared names to the swarm', () =>
      askManager(operation, access, ({ docker }) => docker.setSwarmLabels(swarmLabels(spec))),
    );
    // Only now: a manager of this swarm has answered, so what is noted beside an archive is of before.
    await withdrawRestore(operation, id);
    await evictUndeclared(operation, access, spec.declared);
    const keys = await settleAutolock(operation, access, known, spec.autolock);
    return { outputs: { clusterId: id, ...keys } };
  },
  delete: async (id, { inputs: known }, operation) => {
    const { managers, roll } = known as unknown as SwarmInputs;
    noteBackups(operation, roll?.backup);
    const archived = await restoreDue(operation, { clusterId: id, managers });
    if (archived !== undefined) {
      await deletePurpose(operation, { clusterId: id, managers });
      await withdrawRestore(operation, id);
      return;
    }
    // The last Node ends the swarm. While a manager still answers, a destroy needs its consent here too.
    const standings = await Promise.all(
      managers.map(({ connection }) => hostStanding(operation, connection)),
    );
    if (standings.every(isOutside)) return;
    try {
      await deletePurpose(operation, { clusterId: id, managers });
    } catch (error) {
      if (error instanceof SwarmError && error.code === 'NoManager') return;
      throw error;
    }
  },
};

/** The step that sets each right, as `pulumi up` will say it. */
const settling: Readonly<Record<Unsettled, (manager: string) => string>> = {
  locked: steps.unlock,
  backup: steps.endBackup,
  upgrade: startAgain,
};

function unsettledOf({ unsettled }: PropertyMap): PropertyMap {
  return isMap(unsettled) ? unsettled : {};
}

/** What was seen unsettled is a difference from every declaration: Update sets it right. */
function withUnsettled(state: PropertyMap, difference: DiffResult): DiffResult {
  return Object.keys(unsettledOf(state)).length === 0
    ? difference
    : { ...difference, changes: { ...difference.changes, unsettled: 'update' } };
}

/** Autolock that is not declared stays as it is, and is no difference. */
function asNow(old: PropertyMap, wanted: PropertyMap): PropertyMap {
  return wanted['autolock'] === undefined ? { ...old, autolock: undefined } : old;
}

function accessTo(clusterId: string, { managers, standIns = [] }: SwarmInputs): SwarmAccess {
  return { clusterId, managers: [...managers, ...standIns] };
}

function swarmLabels(spec: SwarmInputs): Labels {
  return {
    [allowDestroyLabel]: String(spec.allowDestroy === true),
    [declaredManagersLabel]: spec.declared.managers.join(','),
    [declaredWorkersLabel]: spec.declared.workers.join(','),
    [renamedLabel]: renderRenames(spec.declared.renamed ?? {}),
    [localDataLabel]: renderLocalData(spec.declared.localData ?? {}),
    ...(spec.roll === undefined ? {} : { [rollPolicyLabel]: renderRollPolicy(spec.roll) }),
    ...(spec.declared.vips === undefined
      ? {}
      : { [declaredVipsLabel]: spec.declared.vips.join(',') }),
  };
}

/** A swarm that is there already is refused, or taken over, by `pulumi preview` as by `up`. */
async function previewFounding(
  wanted: PropertyMap,
  operation: Operation,
): Promise<readonly string[]> {
  const spec = wanted as unknown as SwarmInputs;
  const existing = hasUnknown(wanted) ? undefined : await findSwarm(operation, spec);
  return existing === undefined
    ? ['found the swarm if no declared address is in one']
    : [`take the running swarm ${existing} over as it is`];
}

async function look(
  id: string,
  known: PropertyMap,
  state: PropertyMap,
  operation: Operation,
): Promise<{ id: string; inputs: PropertyMap; outputs: PropertyMap }> {
  const spec = known as unknown as SwarmInputs;
  noteBackups(operation, spec.roll?.backup);
  noteUnlockKeys(operation, id, keysOf(state));
  const unsettled = await unsettledManagers(operation, spec.managers);
  for (const [manager, why] of Object.entries(unsettled)) {
    operation.log('warning', describeUnsettled(manager, why));
  }
  const { unsettled: _settled, ...last } = state;
  const noted = Object.keys(unsettled).length === 0 ? {} : { unsettled };
  try {
    const [{ labels, isAutolocked }, present] = await askManager(
      operation,
      accessTo(id, spec),
      ({ docker }) => Promise.all([docker.swarm(), docker.unlockKey()]),
      { timeoutSeconds: 5 },
    );
    const renamed = parseRenames(labels);
    const roll = parseRollPolicy(labels);
    return {
      id,
      inputs: {
        ...known,
        allowDestroy: labels[allowDestroyLabel] === 'true',
        ...(spec.roll === undefined || roll === undefined ? {} : { roll: asProperties(roll) }),
        ...(spec.autolock === undefined ? {} : { autolock: isAutolocked }),
        declared: {
          managers: declaredNames(labels, declaredManagersLabel) ?? [],
          workers: declaredNames(labels, declaredWorkersLabel) ?? [],
          ...(Object.keys(renamed).length === 0 ? {} : { renamed }),
          ...(spec.declared.localData === undefined ? {} : { localData: spec.declared.localData }),
          ...(spec.declared.vips === undefined ? {} : { vips: spec.declared.vips }),
        },
      },
      outputs: { clusterId: id, ...withPresentKey(keysOf(last), present), ...noted },
    };
  } catch (error) {
    const archived = await archivedSwarm(operation, accessTo(id, spec));
    operation.log('warning', archived ?? `the swarm was not looked at: ${errorMessage(error)}`);
    return { id, inputs: known, outputs: { ...last, ...noted } };
  }
}

/** As it comes from a declaration: data and nothing else. */
function asProperties(policy: RollPolicy): PropertyMap {
  return JSON.parse(JSON.stringify(policy)) as PropertyMap;
}

async function archivedSwarm(
  operation: Operation,
  access: SwarmAccess,
): Promise<string | undefined> {
  try {
    const found = await restoreDue(operation, access);
    return found === undefined ? undefined : describeArchived(found);
  } catch (error) {
    return errorMessage(error);
  }
}

function describeArchived({ pending, archive }: FoundRestore): string {
  return `the swarm is in ${archive}, of ${pending.takenAt}, until ${pending.node} is back; \`pulumi up\` goes on and restores it`;
}

function checkHooks(hooks: PropertyMap[string]): readonly InputFailure[] {
  if (!isList(hooks)) return [];
  return hooks.flatMap((hook, index) => {
    if (!isMap(hook)) return [];
    const path = `hooks[${String(index)}]`;
    const { moment } = hook;
    const isMoment = typeof moment !== 'string' || hookMoments.some((each) => each === moment);
    return [
      ...(isMoment
        ? []
        : [
            {
              property: `${path}.moment`,
              reason: `${quoted(moment)} is none of ${hookMoments.join(', ')}`,
            },
          ]),
      ...hookFaults(path, hook),
    ];
  });
}

function checkPools(wanted: PropertyMap): { property: string; reason: string }[] {
  const pools = wanted['addressPools'];
  if (!Array.isArray(pools)) return [];
  return (pools as readonly unknown[]).flatMap((pool, index) =>
    typeof pool === 'string' && !isCidr(pool)
      ? [{ property: `addressPools[${String(index)}]`, reason: `"${pool}" is no subnet` }]
      : [],
  );
}

/** What swarm init decides for good. */
function checkFixed(
  wanted: PropertyMap,
  old: PropertyMap | undefined,
): { property: string; reason: string }[] {
  if (old === undefined) return [];
  return poolSettings
    .filter((key) => {
      const [before, now] = [old, wanted].map((each) => poolSettingInForce(key, each[key]));
      return JSON.stringify(before) !== JSON.stringify(now);
    })
    .map((property) => ({
      property,
      reason: 'is fixed when the swarm is founded; a change needs a new swarm',
    }));
}
