import { join } from 'node:path';
import { chooseDebs, debEngineVersions, type DebFile } from '../../../../core/debFiles';
import { knownPackages, type PackagesSource } from '../../../../core/engineSource';
import { planClient, upstreamVersion } from '../../../../core/engineVersion';
import { SwarmError } from '../../../../core/errors';
import { appArmorTools, debHost } from './debEngine';
import type { EngineSource, PreparedEngine, SourceContext } from './engineSource';

/** Packages in a directory of this computer, for hosts that reach no repository. */
export function packageDirectory({
  host,
  name,
  spec,
  local,
}: SourceContext<PackagesSource>): EngineSource {
  const { packages } = host;
  return {
    packages: knownPackages,
    versions: async () => debEngineVersions(await local.list(spec.directory), await architecture()),
    prepare: async (asked): Promise<PreparedEngine> => {
      const choice = chooseDebs(await local.list(spec.directory), await architecture(), asked);
      if ('missing' in choice) {
        const { missing, versions } = choice;
        const has = versions.length === 0 ? '' : `, and has ${versions.join(', ')}`;
        throw new SwarmError(
          'EngineVersionMissing',
          `${name}: ${spec.directory} holds ${missing}${has}; nothing was installed; put the packages there, or declare what is`,
          { source: 'user' },
        );
      }
      const { debs, family, version } = choice;
      return {
        version: upstreamVersion(version),
        packages: family,
        install: () => install(debs, family, upstreamVersion(version)),
      };
    },
    withdraw: () => Promise.resolve(),
  };

  async function architecture(): Promise<string> {
    return (await debHost(name, host)).architecture;
  }

  async function install(
    debs: readonly DebFile[],
    family: readonly string[],
    version: string,
  ): Promise<void> {
    const isGiven = (wanted: string): boolean => debs.some((deb) => deb.name === wanted);
    const [, client = ''] = family;
    const clientThere = await packages.installed(client);
    // An engine that brings its client itself is installed beside no other.
    if (!isGiven(client) && planClient(version, [], clientThere).isInTheWay) {
      await packages.remove(client);
    }
    const tools = await appArmorTools(host);
    if (!isGiven('apparmor') && (await packages.installed('apparmor')) === undefined) {
      if (Object.keys(tools).length > 0) await packages.install(tools);
    }
    await packages.installFiles(
      debs.map((deb) => ({ ...deb, path: join(spec.directory, deb.file) })),
    );
    await packages.hold(family.filter(isGiven));
  }
}
