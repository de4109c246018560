import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import { alpnDropInPath } from '../../core/alpnDropIn';
import { isHostname } from '../../core/addresses';
import { describeIssue } from '../../core/configurationFaults';
import { changedOptions, daemonSchema } from '../../core/daemonOptions';
import {
  engineChange,
  engineUpgrades,
  isKept,
  type EngineUpgrade,
  type EngineWish,
  type KeptEngine,
} from '../../core/engineChange';
import {
  defaultSource,
  describeSource,
  engineSourceSchema,
  type EngineSourceSpec,
} from '../../core/engineSource';
import { isEngineVersion, versionWithin } from '../../core/engineVersion';
import type { InputFailure } from '../../core/errors';
import { SwarmError, errorMessage } from '../../core/errors';
import { heldAvailability } from '../../core/held';
import { steps } from '../../core/steps';
import { textFault } from '../../core/textFault';
import { isUnfinished, upgradeMarkPath } from '../../core/upgradeMark';
import type { Host } from '../../effects/effects';
import { importEngine } from '../imports/machines';
import {
  enableEngine,
  endDaemon,
  installAndStart,
  changeSource,
  noteTakenOver,
  reloadDaemonOptions,
  runningMember,
} from '../operations/host/engineSetup';
import type { EngineInputs } from '../operations/host/engineSetup';
import { refuseOtherDataRoot } from '../operations/host/dataRoot';
import { loadImages } from '../operations/host/loadImages';
import { letGo } from '../operations/inPlace/activateHeld';
import { isUpgradeDue } from '../operations/inPlace/isUpgradeDue';
import { keptOn, readUpgradeMark } from '../operations/inPlace/keptEngine';
import { findMember } from '../operations/inPlace/member';
import { upgradeInPlace } from '../operations/inPlace/upgradeInPlace';
import { ownMarker, readMarker, removeMarker, writeMarker } from '../operations/ask/markers';
import { refuseLiveManager } from '../operations/node/refuseLiveManager';
import { diffInputs } from '../server/diffInputs';
import { hasUnknown, isMap } from '../server/propertyValues';
import { unknown } from '../server/resource';
import type { Operation, PropertyMap, PropertyValue, Resource } from '../server/resource';
import { newId, whereThereIsNone } from './identities';
import { contactFaults } from './nameFaults';
import {
  any,
  checkProperties,
  connectionProperty,
  engineSourceProperty,
  flag,
  list,
  managersProperty,
  record,
  seconds,
  text,
  shown,
} from './properties';

const inputs = {
  name: text('Name of the node.'),
  machineId: text('Identity of the machine. A change replaces the engine.'),
  connection: connectionProperty,
  managers: managersProperty,
  version: text(
    'Engine version, e.g. `26.1.5`, or its leading parts, e.g. `26.1`. Default: the newest of its source. A change replaces the engine, or with `upgrade: inPlace` exchanges a newer one in place.',
    false,
  ),
  source: engineSourceProperty,
  upgrade: text(
    'How the engine gets another version, and options that need a restart: `replace` (it is installed anew, and its node joins again) or `inPlace` (drained, exchanged, checked; its node stays in the swarm). Default: `replace`. A change touches nothing.',
    false,
  ),
  hold: flag(
    'Whether a manager stays drained after an upgrade in place, until an Activation. Default: false.',
  ),
  daemon: any(
    'Options of the daemon, by their names in `daemon.json`, e.g. `log-opts`. What a reload is enough for is changed in place; a change of any other replaces the engine, or restarts it drained with `upgrade: inPlace`. Not for `preinstalled`.',
  ),
  images: list(
    record(
      {
        reference: text('Image reference that the archive holds, e.g. `web:1`.'),
        path: text('Path of the archive on this computer, as `docker save` writes it.'),
        sha256: text('SHA-256 of the archive in hex.'),
      },
      'An image archive.',
    ),
    'Images that services need and that no registry serves: loaded before the node joins. Changed in place.',
  ),
  timeouts: record(
    { start: seconds('Seconds for the daemon to answer after its start. Default: 120.') },
    'How long steps may take.',
    false,
  ),
};

const impacts = {
  name: 'update',
  machineId: 'replace',
  connection: 'ignore',
  managers: 'ignore',
  version: 'replace',
  source: 'update',
  daemon: 'update',
  upgrade: 'update',
  hold: 'ignore',
  images: 'update',
  timeouts: 'ignore',
} as const satisfies Record<keyof EngineInputs, unknown>;

/** Docker Engine on one machine. */
export const engine: Resource = {
  token: 'swarm:index:Engine',
  description:
    'Docker Engine on a machine, held at its version. Replaced, old one first, by a change of its version, of the kind of its source, or of its machine; images and volumes stay.',
  inputs,
  outputs: {
    engineId: text('Identity of this installation.'),
    engineVersion: text('Version that the daemon answers with.'),
    revision: text('Another one after each upgrade or restart in place.', false),
    kept: record(
      {
        version: text('Its version.'),
        build: text('Folder of its programs, if it was unpacked.', false),
        digest: text('Digest of its options that a start is needed for.'),
      },
      'The engine that an upgrade in place has kept and would put back, seen while the node is held.',
      false,
    ),
  },
  // What an upgrade in place has left half done is seen before each run, whatever the run declares.
  refreshBeforeUpdate: (known) => upgradeOf(known) === 'inPlace',
  importing: importEngine,
  check: (wanted) => ({
    inputs: wanted,
    failures: [
      ...checkProperties(inputs, wanted),
      ...contactFaults(wanted['managers']),
      ...textFault('name', wanted['name'], isHostname, 'is no host name'),
      ...textFault(
        'version',
        wanted['version'],
        isEngineVersion,
        'is no engine version; give one such as "26.1.5"',
      ),
      ...sourceFailures(wanted['source']),
      ...daemonFailures(wanted),
      ...upgradeFailures(wanted),
    ],
  }),
  diff: (old, wanted) =>
    diffInputs(
      // To declare the version that runs already, or to leave it open, installs nothing.
      {
        ...impacts,
        ...engineChange(
          versionOf(old.state['engineVersion']),
          wishOf(old.inputs),
          wishOf(wanted),
          upgradeOf(wanted),
          keptOf(old.state),
        ),
      },
      withDefaults(old.inputs),
      withDefaults(wanted),
    ),
  previewCreate: (wanted, operation) => [
    whereThereIsNone(operation) +
      `${steps.installEngine(shown(wanted['name']))}: ${typeof wanted['version'] === 'string' ? wanted['version'] : 'the newest'} of ${describeSource(sourceOf(wanted))}`,
  ],
  previewUpdate: (wanted, state) => [
    isExchanged(wanted, state)
      ? `${isKept(wishOf(wanted), keptOf(state)) ? 'put the engine back that was kept' : 'exchange the engine'} in place, its node drained: ${shown(state['engineVersion'])} → ${shown(wanted['version'] ?? 'the same')} of ${describeSource(sourceOf(wanted))}`
      : state['kept'] !== undefined && upgradeOf(wanted) !== 'inPlace'
        ? steps.release(shown(wanted['name']))
        : steps.loadImages(shown(wanted['name'])),
  ],
  previewOutputs: (wanted, state) =>
    isExchanged(wanted, state) ? { engineVersion: unknown, revision: unknown } : {},
  interrupted: (kind, known) =>
    kind === 'update'
      ? upgradeOf(known) === 'inPlace' && known['hold'] === true
        ? `${shown(known['name'])} stays drained where its engine was exchanged, until every manager's is; \`pulumi up\` goes on from here`
        : undefined
      : `${shown(known['name'])} is not back in the swarm yet; \`pulumi up\` goes on from here and puts it back`,
  create: async (wanted, operation) => {
    const spec = wanted as unknown as EngineInputs;
    const host = await operation.effects.hosts.connect(spec.connection);
    await ownMarker(operation, host, 'engine');
    const id = newId('engine', spec.name);
    const running = await runningMember(operation, spec);
    const version = running ?? (await installAndStart(operation, host, spec));
    await refuseOtherDataRoot(host, spec.name);
    if (running !== undefined) await noteTakenOver(operation, host, spec);
    await writeMarker(host, 'engine', { id, urn: operation.urn });
    // What an upgrade of one that serves left behind is for its next Update.
    if (running === undefined) await host.files.remove(upgradeMarkPath);
    const provide = (): Promise<void> => loadImages(operation, host, spec.name, spec.images ?? []);
    // One that serves a swarm starts with its host, and starts containers all the time.
    if (running !== undefined) await provide();
    else {
      await Promise.all([
        enableEngine(host, spec),
        provide(),
        operation.step(steps.checkEngine(spec.name), () => host.docker.runContainerCheck()),
      ]);
    }
    return { id, outputs: { engineId: id, engineVersion: version, revision: id } };
  },
  read: async (id, { inputs: known, state }, operation) => {
    const spec = known as unknown as EngineInputs;
    try {
      const host = await operation.effects.hosts.connect(spec.connection);
      const mark = await readUpgradeMark(host);
      const { kept: _kept, ...others } = state;
      const mayBeKept = known['upgrade'] === 'inPlace' || known['upgrade'] === 'interrupted';
      const kept = mayBeKept ? await keptOn(host, mark) : undefined;
      const seen = { ...others, ...(kept === undefined ? {} : { kept: asProperties(kept) }) };
      if (isUnfinished(mark)) {
        operation.log('warning', `${spec.name}: an upgrade of its engine in place is not finished`);
        return { id, inputs: { ...known, upgrade: 'interrupted' }, outputs: seen };
      }
      const version = await host.docker.version();
      const asked = spec.version === undefined || versionWithin(version, spec.version);
      return {
        id,
        inputs: asked ? known : { ...known, version },
        outputs: { ...seen, engineVersion: version },
      };
    } catch (error) {
      operation.log(
        'warning',
        `${spec.name}: its engine was not looked at: ${errorMessage(error)}`,
      );
      return { id, inputs: known, outputs: state };
    }
  },
  update: async (_id, { state }, wanted, operation) => {
    const spec = wanted as unknown as EngineInputs;
    const host = await operation.effects.hosts.connect(spec.connection);
    const [former, wish] = [wishOf(state), wishOf(wanted)];
    const { engineId } = state;
    if (await isUpgradeDue(host, former, wish, upgradeOf(wanted))) {
      const engineVersion = await upgradeInPlace(operation, host, spec, former, wish);
      await loadImages(operation, host, spec.name, spec.images ?? []);
      return { outputs: { engineId, engineVersion, revision: newId('engine', spec.name) } };
    }
    if (!isDeepStrictEqual(sourceOf(state), sourceOf(wanted))) {
      await operation.step(steps.changeSource(spec.name), () =>
        changeSource(operation, host, spec),
      );
    }
    if (changedOptions(daemonOf(state), daemonOf(wanted)).length > 0) {
      await reloadDaemonOptions(operation, host, spec);
    }
    await loadImages(operation, host, spec.name, spec.images ?? []);
    // Without `inPlace` there is no Activation to wait for.
    if (upgradeOf(wanted) !== 'inPlace') await letGoHeld(operation, host, spec);
    const { engineVersion, revision = engineId } = state;
    return { outputs: { engineId, engineVersion, revision } };
  },
  delete: (id, { inputs: known }, operation) => remove(id, known, operation),
};

/** The declared source, or that of all engines that declare none. */
function sourceOf({ source }: PropertyMap): EngineSourceSpec {
  return source === undefined || source === unknown
    ? defaultSource
    : (source as unknown as EngineSourceSpec);
}

function withDefaults(properties: PropertyMap): PropertyMap {
  return {
    ...properties,
    source: properties['source'] ?? { ...defaultSource },
    upgrade: properties['upgrade'] ?? 'replace',
  };
}

function upgradeOf({ upgrade }: PropertyMap): EngineUpgrade {
  return upgrade === 'inPlace' ? 'inPlace' : 'replace';
}

function versionOf(version: PropertyValue | undefined): string | undefined {
  return typeof version === 'string' ? version : undefined;
}

function asProperties({ version, build, digest }: KeptEngine): PropertyMap {
  return { version, digest, ...(build === undefined ? {} : { build }) };
}

function keptOf({ kept }: PropertyMap): KeptEngine | undefined {
  return isMap(kept) ? (kept as unknown as KeptEngine) : undefined;
}

/** What of an engine is declared; a version that is not known yet is none that runs. */
function wishOf(properties: PropertyMap): EngineWish {
  const { version } = properties;
  return {
    version: version === unknown ? '' : versionOf(version),
    source: sourceOf(properties),
    daemon: daemonOf(properties),
  };
}

async function letGoHeld(operation: Operation, host: Host, spec: EngineInputs): Promise<void> {
  if ((await readUpgradeMark(host)) === undefined) return;
  const member = await findMember(operation, host, spec);
  if (member === undefined || heldAvailability(member.entry) === undefined) return;
  await letGo(operation, member.node, member.entry.id);
}

/** Whether an Update exchanges the engine: what it cannot do in place is a replacement by then. */
function isExchanged(wanted: PropertyMap, state: PropertyMap): boolean {
  const runs = versionOf(state['engineVersion']);
  const costs = engineChange(runs, wishOf(state), wishOf(wanted), 'replace');
  return Object.values(costs).includes('replace') || state['upgrade'] === 'interrupted';
}

function upgradeFailures({ upgrade, source }: PropertyMap): readonly InputFailure[] {
  if (typeof upgrade !== 'string') return [];
  const reason = !(engineUpgrades as readonly string[]).includes(upgrade)
    ? `"${upgrade}" is none of ${engineUpgrades.join(', ')}`
    : upgrade === 'inPlace' && sourceOf({ source }).kind === 'preinstalled'
      ? 'is not possible with the source `preinstalled`, whose engine its owner upgrades; leave it out for this node, or declare `replace`'
      : undefined;
  return reason === undefined ? [] : [{ property: 'upgrade', reason }];
}

function daemonOf({ daemon }: PropertyMap): Readonly<Record<string, unknown>> {
  return isMap(daemon) ? daemon : {};
}

function daemonFailures({ daemon, source }: PropertyMap): readonly InputFailure[] {
  if (daemon === undefined || hasUnknown(daemon)) return [];
  if (sourceOf({ source }).kind === 'preinstalled') {
    return [
      {
        property: 'daemon',
        reason:
          'has no meaning with the source `preinstalled`, whose options are its owner’s; leave it out',
      },
    ];
  }
  const { error } = daemonSchema.safeParse(daemon, { reportInput: true });
  return (error?.issues ?? []).flatMap((issue) =>
    describeIssue(below('daemon', issue), daemonSchema),
  );
}

/** What the kinds have and lack; faults of types alone are told by the schema. */
function sourceFailures(source: PropertyValue | undefined): readonly InputFailure[] {
  if (source === undefined || hasUnknown(source)) return [];
  const { error } = engineSourceSchema.safeParse(source, { reportInput: true });
  return (error?.issues ?? []).flatMap((issue) =>
    describeIssue(below('source', issue), engineSourceSchema),
  );
}

function below(property: string, issue: z.core.$ZodIssue): z.core.$ZodIssue {
  return { ...issue, path: [property, ...issue.path] };
}

/** Errors of a Delete that are more than "it could not be reached". */
const mustStop: readonly string[] = ['RunLost', 'StillInSwarm'];

/** Nearly infallible: no package operations, and a silent host is no obstacle, since its node is out by now. */
async function remove(id: string, known: PropertyMap, operation: Operation): Promise<void> {
  const spec = known as unknown as EngineInputs;
  try {
    const host = await operation.effects.hosts.connect(spec.connection);
    // After a rebuild of the machine another engine may be there: only our own is stopped.
    if ((await readMarker(host, 'engine'))?.id !== id) return;
    await refuseLiveManager(operation, spec.name, spec.connection);
    await operation.step(steps.stopEngine(spec.name), async () => {
      // One that we did not install is not ours to stop; it is out of the swarm by now.
      if (sourceOf(known).kind !== 'preinstalled') {
        await endDaemon(operation, host, spec);
        await noteTakenOver(operation, host, spec);
      }
      await host.files.remove(alpnDropInPath);
      await removeMarker(host, 'engine', id);
    });
  } catch (error) {
    if (error instanceof SwarmError && mustStop.includes(error.code)) throw error;
    operation.log(
      'warning',
      `${spec.name}: its engine could not be stopped (${errorMessage(error)}); it may still run there`,
    );
  }
}
