import { isLabConnection, type Connection, type ManagerContact } from '../../../core/connection';
import type { DaemonOptions } from '../../../core/daemonOptions';
import type { EngineUpgrade } from '../../../core/engineChange';
import { defaultSource, sourceNotePath, type EngineSourceSpec } from '../../../core/engineSource';
import { versionWithin } from '../../../core/engineVersion';
import { SwarmError } from '../../../core/errors';
import { steps } from '../../../core/steps';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { hostStanding } from '../ask/hostStanding';
import { beginStop } from './beginStop';
import type { ImageArchive } from './loadImages';
import { hasDaemonOptions, writeDaemonOptions } from './daemonOptions';
import { refuseBadEngine } from './refuseBadEngine';
import type { PreparedEngine, SourceContext } from './sources/engineSource';
import { makeRoom, noteSource, roomFor } from './sources/makeRoom';
import { engineSource } from './sources/sources';
import { waitUntil } from '../ask/waitUntil';

/** Inputs of an Engine. */
export interface EngineInputs {
  readonly name: string;
  readonly machineId: string;
  readonly connection: Connection;
  readonly managers: readonly ManagerContact[];
  readonly version?: string;
  readonly source?: EngineSourceSpec;
  readonly daemon?: DaemonOptions;
  readonly upgrade?: EngineUpgrade;
  /** After an upgrade in place the node stays drained, until an Activation. */
  readonly hold?: boolean;
  readonly images?: readonly ImageArchive[];
  readonly timeouts?: { readonly start?: number };
}

/** What of an engine is found and brought near, on a host or in an image of one. */
type EngineWish = Pick<EngineInputs, 'name'> & {
  readonly version?: string;
  readonly source?: EngineSourceSpec | undefined;
};

const daemonUnit = 'docker.service';
export const engineUnits = ['docker.socket', daemonUnit];

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

/**
 * Installs, starts and returns the version that really runs.
 *
 * @param prepared what `prepareEngine` has returned, if that was done before.
 */
export async function bringEngineUp(
  operation: Operation,
  host: Host,
  spec: EngineInputs,
  prepared?: PreparedEngine,
): Promise<string> {
  const version = await installAndStart(operation, host, spec, prepared);
  await enableEngine(host, spec);
  return version;
}

/** The same for one who has more to do on it while `enableEngine`, which has to follow, takes its tenths of a second. */
export async function installAndStart(
  operation: Operation,
  host: Host,
  spec: EngineInputs,
  prepared?: PreparedEngine,
): Promise<string> {
  const installed = await operation.step(steps.installEngine(spec.name), async () => {
    const { version, install } = prepared ?? (await prepareEngine(operation, host, spec));
    await install();
    return version;
  });
  const isConfigured =
    (await hasDaemonOptions(host, spec)) &&
    (await operation.step(steps.configureEngine(spec.name), () => writeDaemonOptions(host, spec)));
  // One that runs already, by an earlier attempt, has read the file as it was.
  if (isConfigured) await host.systemd.stop(daemonUnit);
  return operation.step(steps.startEngine(spec.name), () =>
    startEngine(operation, host, spec, installed),
  );
}

/** The engine that is wanted, found and brought near; nothing of the one that is there is touched before `install`. */
export async function prepareEngine(
  operation: Operation,
  host: Host,
  spec: EngineWish,
): Promise<PreparedEngine> {
  const context = contextOf(operation, host, spec);
  const prepared = await engineSource(context).prepare(spec.version);
  refuseBadEngine(operation, spec.name, prepared.version);
  return {
    ...prepared,
    fetch: async (without) => {
      const { remove } = await roomFor(context, prepared.packages);
      await prepared.fetch([...without, ...remove]);
    },
    install: async () => {
      await makeRoom(context, prepared.packages);
      await prepared.install();
    },
  };
}

/** The same while the engine that is there still serves: what it takes is downloaded, and would be installed. */
export function fetchEngine(
  operation: Operation,
  host: Host,
  spec: EngineWish,
): Promise<PreparedEngine> {
  return operation.step(steps.fetchEngine(spec.name), async () => {
    const prepared = await prepareEngine(operation, host, spec);
    await prepared.fetch([]);
    return prepared;
  });
}

/** What of a source is changed without its engine: the address and key of its repository. */
export async function changeSource(
  operation: Operation,
  host: Host,
  spec: EngineInputs,
): Promise<void> {
  if (spec.source?.kind !== 'docker') return;
  await engineSource(contextOf(operation, host, spec)).prepare(spec.version);
}

/** An engine of ours without a note of its source: it was installed before there was one, or is taken over. */
export async function noteTakenOver(
  operation: Operation,
  host: Host,
  spec: EngineInputs,
): Promise<void> {
  if ((await host.files.read(sourceNotePath)) !== undefined) return;
  const context = contextOf(operation, host, spec);
  await noteSource(host, context.spec, engineSource(context).packages);
}

function contextOf(
  { effects: { local } }: Operation,
  host: Host,
  { name, source }: EngineWish,
): SourceContext {
  return { name, host, local, spec: source ?? defaultSource };
}

/** Options that a reload is enough for, on an engine that goes on running with all its tasks. */
export async function reloadDaemonOptions(
  operation: Operation,
  host: Host,
  spec: EngineInputs,
): Promise<void> {
  await operation.step(steps.reloadEngine(spec.name), async () => {
    await writeDaemonOptions(host, spec);
    // Also when the file was there already: a run that was killed may not have come to this.
    await host.systemd.reload(daemonUnit);
    await host.docker.version();
  });
}

/** The socket first: it would start the engine again at the next question. */
export async function stopDaemon(host: Host): Promise<void> {
  await inOrder(engineUnits, (unit) => host.systemd.stop(unit));
}

/**
 * Whether this run makes a lab's machine anew: its program declares another OS for it than the lab's own record says. The Engine
 * goes just before its machine. False in a run whose program has not come to the machine, such as a destroy.
 */
async function goesWithMachine(
  operation: Operation,
  { connection }: Pick<EngineInputs, 'connection'>,
): Promise<boolean> {
  if (!isLabConnection(connection)) return false;
  const { lab, machine } = connection;
  const present = await operation.effects.lab.record(lab, machine);
  if (present === undefined) return false;
  return operation.isRegistered(
    'swarm:index:LabMachine',
    (declared) =>
      declared['lab'] === lab && declared['name'] === machine && declared['os'] !== present.os,
  );
}

/**
 * Stops the daemon for good: it does not start with its host any more. The end of one whose machine goes next need not be waited for
 * twice, and is only begun; should the machine stay after all, systemd sees it to its end.
 */
export async function endDaemon(
  operation: Operation,
  host: Host,
  spec: Pick<EngineInputs, 'connection'>,
): Promise<void> {
  if (await goesWithMachine(operation, spec)) {
    await beginStop(operation, host, daemonUnit, () => stopDaemon(host));
    return;
  }
  await Promise.all([stopDaemon(host), ...engineUnits.map((unit) => host.systemd.disable(unit))]);
}

export async function stopEngine(host: Host): Promise<void> {
  await stopDaemon(host);
  await host.systemd.stop('containerd.service');
}

/** Starts the daemon and sees that it runs the version that was asked for: a package alone proves nothing. */
export async function startEngine(
  operation: Operation,
  host: Host,
  spec: EngineInputs,
  installed: string,
): Promise<string> {
  await inOrder(await unitsOf(host, spec), (unit) => host.systemd.start(unit));
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
  if (versionWithin(version, installed)) return version;
  await host.systemd.restart(daemonUnit);
  await waitUntil(operation, `the engine of ${spec.name} runs ${installed}`, 120, async () => {
    version = await host.docker.version();
    return versionWithin(version, installed) || `it runs ${version}`;
  });
  return version;
}

/** It starts with its host from now on. */
export async function enableEngine(host: Host, spec: EngineInputs): Promise<void> {
  const units = await unitsOf(host, spec);
  await Promise.all(units.map((unit) => host.systemd.enable(unit)));
}

/** Somebody else's engine may have no socket of its own. */
async function unitsOf(host: Host, { source }: EngineInputs): Promise<readonly string[]> {
  if (source?.kind !== 'preinstalled') return engineUnits;
  const states = await Promise.all(engineUnits.map((unit) => host.systemd.state(unit)));
  return engineUnits.filter((_, index) => states[index] !== 'absent');
}

async function inOrder(
  units: readonly string[],
  action: (unit: string) => Promise<void>,
): Promise<void> {
  for (const unit of units) await action(unit);
}
