import type { Connection } from '../../core/connection';
import {
  choosePackageVersion,
  packageCarriesEngine,
  upstreamVersion,
  versionWithin,
} from '../../core/engineVersion';
import { SwarmError, errorMessage } from '../../core/errors';
import { steps } from '../../core/steps';
import type { Host } from '../../effects/effects';
import { hostStanding } from '../operations/hostStanding';
import { loadImages } from '../operations/loadImages';
import type { ImageArchive } from '../operations/loadImages';
import { ownMarker, readMarker, removeMarker, writeMarker } from '../operations/markers';
import { waitUntil } from '../operations/waitUntil';
import { diffInputs } from '../server/diffInputs';
import type { Operation, PropertyMap, PropertyValue, Resource } from '../server/resource';
import { newId } from './identities';
import {
  checkProperties,
  connectionProperty,
  list,
  managersProperty,
  record,
  seconds,
  text,
  shown,
} from './properties';

interface EngineInputs {
  readonly name: string;
  readonly machineId: string;
  readonly connection: Connection;
  readonly managers: unknown;
  readonly version?: string;
  readonly images?: readonly ImageArchive[];
  readonly timeouts?: { readonly start?: number };
}

const inputs = {
  name: text('Name of the node.'),
  machineId: text('Identity of the machine. A change replaces the engine.'),
  connection: connectionProperty,
  managers: managersProperty,
  version: text(
    'Engine version, e.g. `26.1.5`, or its leading parts, e.g. `26.1`. Default: the newest of the distribution. A change replaces the engine.',
    false,
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
  images: 'update',
  timeouts: 'ignore',
} as const satisfies Record<keyof EngineInputs, unknown>;

/** Debian's name of the engine's package. */
export const enginePackage = 'docker.io';
const clientPackage = 'docker-cli';
const units = ['docker.socket', 'docker.service'];

/** Docker Engine on one machine, from the distribution's packages. */
export const engine: Resource = {
  token: 'swarm:index:Engine',
  description:
    'Docker Engine on a machine, from the distribution’s packages, held at its version. Replaced, old one first, by a change of its version or its machine.',
  inputs,
  outputs: {
    engineId: text('Identity of this installation.'),
    engineVersion: text('Version that the daemon answers with.'),
  },
  check: (wanted) => ({ inputs: wanted, failures: checkProperties(inputs, wanted) }),
  diff: (old, wanted) =>
    diffInputs(
      // To declare the version that runs already, or to leave it open, installs nothing.
      runs(old.state['engineVersion'], wanted['version'])
        ? { ...impacts, version: 'update' }
        : impacts,
      old.inputs,
      wanted,
    ),
  previewCreate: (wanted) => [
    `${steps.installEngine(shown(wanted['name']))}: ${typeof wanted['version'] === 'string' ? wanted['version'] : 'the newest of the distribution'}`,
  ],
  previewUpdate: (wanted) => [steps.loadImages(shown(wanted['name']))],
  interrupted: (kind, known) =>
    kind === 'update'
      ? undefined
      : `${shown(known['name'])} is not back in the swarm yet; \`pulumi up\` goes on from here and puts it back`,
  create: async (wanted, operation) => {
    const spec = wanted as unknown as EngineInputs;
    const host = await operation.effects.hosts.connect(spec.connection);
    await ownMarker(operation, host, 'engine');
    const id = newId('engine', spec.name);
    const running = await runningMember(operation, spec);
    const version = running ?? (await bringUp(operation, host, spec));
    await writeMarker(host, 'engine', { id, urn: operation.urn });
    await loadImages(operation, host, spec.name, spec.images ?? []);
    await operation.step(steps.checkEngine(spec.name), () => host.docker.runContainerCheck());
    return { id, outputs: { engineId: id, engineVersion: version } };
  },
  read: async (id, { inputs: known, state }, operation) => {
    const spec = known as unknown as EngineInputs;
    try {
      const host = await operation.effects.hosts.connect(spec.connection);
      const version = await host.docker.version();
      const asked = spec.version === undefined || versionWithin(version, spec.version);
      return {
        id,
        inputs: asked ? known : { ...known, version },
        outputs: { ...state, engineVersion: version },
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
    await loadImages(operation, host, spec.name, spec.images ?? []);
    return {
      outputs: { engineId: state['engineId'], engineVersion: state['engineVersion'] },
    };
  },
  delete: (id, { inputs: known }, operation) => remove(id, known, operation),
};

function runs(version: PropertyValue | undefined, wanted: PropertyValue | undefined): boolean {
  return (
    wanted === undefined ||
    (typeof version === 'string' && typeof wanted === 'string' && versionWithin(version, wanted))
  );
}

/**
 * Version of an engine that serves a swarm already (an interrupted run's, or one that is taken over):
 * it is left as it is. @throws SwarmError `EngineInUse` when it is not the version asked for.
 */
async function runningMember(
  operation: Operation,
  spec: EngineInputs,
): Promise<string | undefined> {
  const standing = await hostStanding(operation, spec.connection);
  if (standing.kind === 'none') return undefined;
  if (standing.kind !== 'member') {
    throw new SwarmError(
      'EngineUnknown',
      `${spec.name}: ${standing.kind === 'unknown' ? standing.why : 'its machine is gone'}; nothing was touched`,
      { source: 'world' },
    );
  }
  const { engineVersion } = standing.info;
  if (spec.version === undefined || versionWithin(engineVersion, spec.version)) {
    return engineVersion;
  }
  throw new SwarmError(
    'EngineInUse',
    `${spec.name}: its engine ${engineVersion} serves a swarm, and ${spec.version} is declared; nothing was touched; take the node out of that swarm first`,
    { source: 'user' },
  );
}

/** Installs, starts and returns the version that really runs. */
async function bringUp(operation: Operation, host: Host, spec: EngineInputs): Promise<string> {
  await operation.step(steps.installEngine(spec.name), () => installEngine(host, spec));
  return operation.step(steps.startEngine(spec.name), () => startEngine(operation, host, spec));
}

async function installEngine(host: Host, spec: EngineInputs): Promise<void> {
  const offered = await host.packages.available(enginePackage);
  const version = choosePackageVersion(offered, spec.version);
  if (version === undefined) {
    const has = offered.map(upstreamVersion).join(', ');
    throw new SwarmError(
      'EngineVersionMissing',
      spec.version === undefined || offered.length === 0
        ? `${spec.name}: the distribution offers no package ${enginePackage}; check the host's package sources`
        : `${spec.name}: engine ${spec.version} is not offered; the distribution has ${has}`,
      { source: 'user' },
    );
  }
  const packages: Record<string, string | undefined> = { [enginePackage]: version };
  // Newer Debian splits the client off; it must be the same version, or the held engine blocks it.
  const clients = await host.packages.available(clientPackage);
  const client = clients.find((candidate) =>
    packageCarriesEngine(candidate, upstreamVersion(version)),
  );
  if (client !== undefined) packages[clientPackage] = client;
  // Without its tools, an engine on a kernel with AppArmor starts no container (facts: lab.md).
  const hasAppArmor =
    (await host.files.read('/sys/module/apparmor/parameters/enabled'))?.trim() === 'Y';
  if (hasAppArmor) packages['apparmor'] = undefined;
  await host.packages.install(packages);
  await host.packages.hold(Object.keys(packages).filter((name) => name !== 'apparmor'));
}

/** Starts the daemon and sees that it runs the version that was asked for: a package alone proves nothing. */
async function startEngine(operation: Operation, host: Host, spec: EngineInputs): Promise<string> {
  for (const unit of units) await host.systemd.enable(unit);
  for (const unit of units) await host.systemd.start(unit);
  let version = '';
  await waitUntil(
    operation,
    `the engine of ${spec.name} answers`,
    spec.timeouts?.start ?? 120,
    async () => {
      version = await host.docker.version();
      return true;
    },
  );
  const installed = upstreamVersion((await host.packages.installed(enginePackage)) ?? '');
  if (versionWithin(version, installed)) return version;
  await host.systemd.restart('docker.service');
  await waitUntil(operation, `the engine of ${spec.name} runs ${installed}`, 120, async () => {
    version = await host.docker.version();
    return versionWithin(version, installed) || `it runs ${version}`;
  });
  return version;
}

/** Nearly infallible: no package operations, and a silent host is no obstacle, since its node is out by now. */
async function remove(id: string, known: PropertyMap, operation: Operation): Promise<void> {
  const spec = known as unknown as EngineInputs;
  try {
    const host = await operation.effects.hosts.connect(spec.connection);
    // After a rebuild of the machine another engine may be there: only our own is stopped.
    if ((await readMarker(host, 'engine'))?.id !== id) return;
    await operation.step(steps.stopEngine(spec.name), async () => {
      for (const unit of units) await host.systemd.stop(unit);
      for (const unit of units) await host.systemd.disable(unit);
      await removeMarker(host, 'engine', id);
    });
  } catch (error) {
    if (error instanceof SwarmError && error.code === 'RunLost') throw error;
    operation.log(
      'warning',
      `${spec.name}: its engine could not be stopped (${errorMessage(error)}); it may still run there`,
    );
  }
}
