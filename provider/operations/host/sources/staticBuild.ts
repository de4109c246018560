import {
  buildName,
  describeSource,
  staticVersion,
  type StaticSource,
} from '../../../../core/engineSource';
import { engineUnitFiles, isOurUnit } from '../../../../core/engineUnits';
import { versionWithin } from '../../../../core/engineVersion';
import { SwarmError } from '../../../../core/errors';
import { packageKind } from '../../../../core/packageKind';
import { appArmorTools } from './packagedEngine';
import type { EngineSource, PreparedEngine, SourceContext } from './engineSource';

const archivePath = '/var/cache/pulumi-swarm/engine.tgz';
const unitPath = (unit: string): string => `/etc/systemd/system/${unit}`;

/** The static programs of one archive, with units of our own. */
export function staticBuild({
  host,
  name,
  spec,
  local,
}: SourceContext<StaticSource>): EngineSource {
  const { packages, programs, systemd } = host;
  const build = buildName(spec);
  return {
    packages: [],
    versions: () => {
      const version = staticVersion(spec);
      return Promise.resolve(version === undefined ? undefined : [version]);
    },
    prepare: async (asked): Promise<PreparedEngine> => {
      // Before a large file is on its way.
      await checkUnits();
      const named = staticVersion(spec);
      if (named !== undefined) checkVersion(named, asked);
      const version = (await programs.version(build)) ?? (await bring());
      checkVersion(version, asked);
      return {
        ...{ version, packages: [], install },
        // The archive itself is unpacked beside the programs that run by now.
        fetch: async (without) => {
          await packages.fetch(await missingTools(), without);
        },
      };
    },
    withdraw,
  };

  function checkVersion(version: string, asked: string | undefined): void {
    if (asked === undefined || versionWithin(version, asked)) return;
    throw new SwarmError(
      'EngineVersionMissing',
      `${name}: engine ${asked} is not offered; ${describeSource(spec)} has ${version}; nothing was installed; declare that version, or another archive`,
      { source: 'user' },
    );
  }

  /** A unit file that somebody else wrote rules over those of packages, and would be lost. */
  async function checkUnits(): Promise<void> {
    for (const unit of Object.keys(engineUnitFiles)) {
      const text = await host.files.read(unitPath(unit));
      // A unit that is masked reads as empty: a package that was removed leaves such.
      if (text === undefined || text === '' || isOurUnit(text)) continue;
      throw new SwarmError(
        'EngineOfAnother',
        `${name}: ${unitPath(unit)} is there, and not by this package; nothing was touched; declare the source that it comes from, or remove it on the host`,
        { source: 'user' },
      );
    }
  }

  /** Returns the version of what came. */
  async function bring(): Promise<string> {
    if (spec.path === undefined) {
      await packages.downloadFile(spec.url ?? '', archivePath, spec.sha256);
    } else {
      const actual = await local.sha256(spec.path);
      if (actual !== spec.sha256.toLowerCase()) {
        throw new SwarmError(
          'EngineArchiveChanged',
          `${name}: ${spec.path} has the SHA-256 ${actual}, and ${spec.sha256} is declared; nothing was installed; find out which of the two is wrong`,
          { source: 'user' },
        );
      }
      await host.files.upload(spec.path, archivePath);
    }
    await programs.unpack(archivePath, build);
    await host.files.remove(archivePath);
    const version = await programs.version(build);
    if (version !== undefined) return version;
    throw new SwarmError(
      'EngineArchiveUnfit',
      `${name}: ${describeSource(spec)} holds no dockerd; nothing was installed; give the archive of Docker's static programs`,
      { source: 'user' },
    );
  }

  async function missingTools(): Promise<Readonly<Record<string, undefined>>> {
    if (packageKind(await host.facts()) === undefined) return {};
    const tools = { iptables: undefined, ...(await appArmorTools(host)) };
    const missing: Record<string, undefined> = {};
    for (const tool of Object.keys(tools)) {
      if ((await packages.installed(tool)) === undefined) missing[tool] = undefined;
    }
    return missing;
  }

  async function install(): Promise<void> {
    const missing = await missingTools();
    if (Object.keys(missing).length > 0) await packages.install(missing);
    await programs.use(build);
    for (const [unit, text] of Object.entries(engineUnitFiles)) {
      await host.files.write(unitPath(unit), text);
    }
    await systemd.daemonReload();
    // One of the build before may still run: the engine's start brings the present one.
    await systemd.stop('containerd.service');
    await systemd.enable('containerd.service');
  }

  async function withdraw(): Promise<void> {
    await systemd.stop('containerd.service');
    await systemd.disable('containerd.service');
    for (const unit of Object.keys(engineUnitFiles)) {
      const path = unitPath(unit);
      if (isOurUnit(await host.files.read(path))) await host.files.remove(path);
    }
    await systemd.daemonReload();
    await programs.removeAll();
  }
}
