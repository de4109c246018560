import { join } from 'node:path';
import { knownPackages, type PackagesSource } from '../../../../core/engineSource';
import { planClient, upstreamVersion } from '../../../../core/engineVersion';
import { SwarmError } from '../../../../core/errors';
import { chooseFiles, fileEngineVersions, type NamedPackage } from '../../../../core/packageFiles';
import type { PackageFile } from '../../../../effects/packages';
import { appArmorTools, packagesWanted } from './packagedEngine';
import type { EngineSource, PreparedEngine, SourceContext } from './engineSource';

function given(chosen: readonly NamedPackage[]): (name: string) => boolean {
  return (name) => chosen.some((file) => file.name === name);
}

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
        fetch: async (without) => {
          const { tools, isClientInTheWay } = await beside(
            chosen,
            family,
            upstreamVersion(version),
          );
          const [, client = ''] = family;
          await packages.fetch(tools, []);
          await packages.fetchFiles(
            located(chosen),
            isClientInTheWay ? [...new Set([...without, client])] : without,
          );
        },
        install: () => install(chosen, family, upstreamVersion(version)),
      };
    },
    withdraw: () => Promise.resolve(),
  };

  /** What is needed beside the files, and whether an engine that brings its client itself has one in its way. */
  async function beside(
    chosen: readonly NamedPackage[],
    [, client = '']: readonly string[],
    version: string,
  ): Promise<{
    readonly tools: Readonly<Record<string, undefined>>;
    readonly isClientInTheWay: boolean;
  }> {
    const isGiven = given(chosen);
    const clientThere = await packages.installed(client);
    const hasTools = isGiven('apparmor') || (await packages.installed('apparmor')) !== undefined;
    return {
      tools: hasTools ? {} : await appArmorTools(host),
      isClientInTheWay: !isGiven(client) && planClient(version, [], clientThere).isInTheWay,
    };
  }

  function located(chosen: readonly NamedPackage[]): readonly PackageFile[] {
    return chosen.map((file) => ({ ...file, path: join(spec.directory, file.file) }));
  }

  async function install(
    chosen: readonly NamedPackage[],
    family: readonly string[],
    version: string,
  ): Promise<void> {
    const { tools, isClientInTheWay } = await beside(chosen, family, version);
    const [, client = ''] = family;
    if (isClientInTheWay) await packages.remove(client);
    if (Object.keys(tools).length > 0) await packages.install(tools);
    await packages.installFiles(located(chosen));
    await packages.hold(family.filter(given(chosen)));
  }
}
