import type { Connection } from '../../../core/connection';
import {
  choosePackageVersion,
  planClient,
  upstreamVersion,
  versionWithin,
} from '../../../core/engineVersion';
import { SwarmError } from '../../../core/errors';
import { steps } from '../../../core/steps';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { hostStanding } from '../ask/hostStanding';
import type { ImageArchive } from './loadImages';
import { waitUntil } from '../ask/waitUntil';

/** Inputs of an Engine. */
export interface EngineInputs {
  readonly name: string;
  readonly machineId: string;
  readonly connection: Connection;
  readonly managers: unknown;
  readonly version?: string;
  readonly images?: readonly ImageArchive[];
  readonly timeouts?: { readonly start?: number };
}

/** Debian's name of the engine's package. */
export const enginePackage = 'docker.io';
const clientPackage = 'docker-cli';
export const engineUnits = ['docker.socket', 'docker.service'];

/**
 * Version of an engine that serves a swarm already (an interrupted run's, or one that is taken over):
 * it is left as it is. @throws SwarmError `EngineInUse` when it is not the version asked for.
 */
export async function runningMember(
  operation: Operation,
  spec: EngineInputs,
): Promise<string | undefined> {
  const standing = await hostStanding(operation, spec.connection);
  if (standing.kind === 'none') return undefined;
  if (standing.kind !== 'member' && standing.kind !== 'locked') {
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
export async function bringEngineUp(
  operation: Operation,
  host: Host,
  spec: EngineInputs,
): Promise<string> {
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
  const client = planClient(
    upstreamVersion(version),
    await host.packages.available(clientPackage),
    await host.packages.installed(clientPackage),
  );
  if (client.version !== undefined) packages[clientPackage] = client.version;
  // Without its tools, an engine on a kernel with AppArmor starts no container.
  const hasAppArmor =
    (await host.files.read('/sys/module/apparmor/parameters/enabled'))?.trim() === 'Y';
  if (hasAppArmor) packages['apparmor'] = undefined;
  // An older engine brings its client itself, and apt installs it beside no other.
  if (client.isInTheWay) await host.packages.remove(clientPackage);
  await host.packages.install(packages);
  await host.packages.hold(Object.keys(packages).filter((name) => name !== 'apparmor'));
}

/** Starts the daemon and sees that it runs the version that was asked for: a package alone proves nothing. */
async function startEngine(operation: Operation, host: Host, spec: EngineInputs): Promise<string> {
  for (const unit of engineUnits) await host.systemd.enable(unit);
  for (const unit of engineUnits) await host.systemd.start(unit);
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
