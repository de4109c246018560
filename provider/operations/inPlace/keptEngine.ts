import type { KeptEngine } from '../../../core/engineChange';
import { isOutHeld } from '../../../core/held';
import { daemonFilePath, daemonNotePath, parseDaemonNote } from '../../../core/daemonOptions';
import { knownPackages } from '../../../core/engineSource';
import { packageKind } from '../../../core/packageKind';
import {
  isUnfinished,
  keptDirectory,
  parseUpgradeMark,
  renderUpgradeMark,
  takesBack,
  upgradeMarkPath,
  type UpgradeMark,
} from '../../../core/upgradeMark';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { enableEngine, startEngine, stopEngine } from '../host/engineSetup';
import type { EngineInputs } from '../host/engineSetup';

export async function readUpgradeMark(host: Host): Promise<UpgradeMark | undefined> {
  return parseUpgradeMark(await host.files.read(upgradeMarkPath));
}

export function writeUpgradeMark(host: Host, mark: UpgradeMark): Promise<void> {
  return host.files.write(upgradeMarkPath, renderUpgradeMark(mark), { mode: 0o600 });
}

/** What may go back into its place on a host whose node stays, by the node's own engine where it is a manager. */
export async function keptOn(
  host: Host,
  mark: UpgradeMark | undefined,
): Promise<KeptEngine | undefined> {
  if (mark === undefined || isUnfinished(mark)) return takesBack(mark, false);
  const { nodeId, isControlAvailable } = await host.docker.info();
  if (!isControlAvailable) return undefined;
  const entry = await host.docker.node(nodeId);
  return takesBack(mark, entry !== undefined && isOutHeld(entry));
}

/** The engine as it is, before anything of it is changed. @param build - folder of its programs, if it was unpacked. */
export async function presentEngine(
  host: Host,
  build: string | undefined,
): Promise<UpgradeMark['from']> {
  const daemonFile = await host.files.read(daemonFilePath);
  const daemonNote = await host.files.read(daemonNotePath);
  return {
    version: await host.docker.version(),
    packages: build === undefined ? await enginePackages(host) : [],
    digest: parseDaemonNote(daemonNote)?.digest ?? '',
    ...(build === undefined ? {} : { build }),
    ...(daemonFile === undefined ? {} : { daemonFile }),
    ...(daemonNote === undefined ? {} : { daemonNote }),
  };
}

/** Programs that were unpacked are in a folder of their own, and stay there. */
export async function keepEngine(host: Host, { packages }: UpgradeMark['from']): Promise<void> {
  if (packages.length > 0) await host.packages.keep(packages, keptDirectory);
}

/** The engine that was kept is there again, and runs: safe to repeat, whatever is there now. */
export async function putKeptBack(
  operation: Operation,
  host: Host,
  spec: EngineInputs,
  { from }: UpgradeMark,
): Promise<void> {
  await stopEngine(host);
  if (from.build !== undefined) await host.programs.use(from.build);
  if (from.packages.length > 0) {
    const present = await enginePackages(host);
    // An engine that brings its client itself is installed beside no other.
    await host.packages.remove(...present.filter((name) => !from.packages.includes(name)));
    await host.packages.putBack(keptDirectory);
    await host.packages.hold(from.packages);
  }
  await restore(host, daemonFilePath, from.daemonFile);
  await restore(host, daemonNotePath, from.daemonNote);
  await host.systemd.daemonReload();
  await startEngine(operation, host, { ...spec, version: from.version }, from.version);
  await enableEngine(host, spec);
}

async function restore(host: Host, path: string, text: string | undefined): Promise<void> {
  if ((await host.files.read(path)) === text) return;
  if (text === undefined) await host.files.remove(path);
  else await host.files.write(path, text, { mode: 0o600 });
}

async function enginePackages(host: Host): Promise<readonly string[]> {
  if (packageKind(await host.facts()) === undefined) return [];
  const there: string[] = [];
  for (const name of knownPackages) {
    if ((await host.packages.installed(name)) !== undefined) there.push(name);
  }
  return there;
}
