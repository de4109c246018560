import { join } from 'node:path';
import { knownPackages, type PackagesSource } from '../../../../core/engineSource';
import { planClient, upstreamVersion } from '../../../../core/engineVersion';
import { SwarmError } from '../../../../core/errors';
import { chooseFiles, fileEngineVersions, type NamedPackage } from '../../../../core/packageFiles';
import { appArmorTools, packagesWanted } from './packagedEngine';
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
    versions: async () =>
      fileEngineVersions(await packagesWanted(name, host), await local.list(spec.directory)),
    prepare: async (asked): Promise<PreparedEngine> => {
      const wanted = await packagesWanted(name, host);
      const choice = chooseFiles(wanted, await local.list(spec.directory), asked);
      if ('missing' in choice) {
        const { missing, versions } = choice;
        const has = versions.length === 0 ? '' : `, and has ${versions.join(', ')}`;
        throw new SwarmError(
          'EngineVersionMissing',
          `${name}: ${spec.directory} holds ${missing}${has}; nothing was installed; put the packages there, or declare what is`,
          { source: 'user' },
        );
      }
      const { chosen, family, version } = choice;
      return {
        version: upstreamVersion(version),
        packages: family,
        install: () => install(chosen, family, upstreamVersion(version)),
      };
    },
    withdraw: () => Promise.resolve(),
  };

  async function install(
    chosen: readonly NamedPackage[],
    family: readonly string[],
    version: string,
  ): Promise<void> {
    const isGiven = (wanted: string): boolean => chosen.some((file) => file.name === wanted);
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
      chosen.map((file) => ({ ...file, path: join(spec.directory, file.file) })),
    );
    await packages.hold(family.filter(isGiven));
  }
}
