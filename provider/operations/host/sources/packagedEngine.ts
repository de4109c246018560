import { choosePackageVersion, upstreamVersion } from '../../../../core/engineVersion';
import { SwarmError } from '../../../../core/errors';
import { packageKind } from '../../../../core/packageKind';
import type { FilesWanted } from '../../../../core/packageFiles';
import type { Host } from '../../../../effects/effects';

/**
 * The full version of the engine's package for what is asked.
 *
 * @param where says whose packages these are, e.g. `the distribution`.
 * @throws SwarmError `EngineVersionMissing`.
 */
export function chooseOffered(
  name: string,
  { engine, where }: { readonly engine: string; readonly where: string },
  offered: readonly string[],
  asked: string | undefined,
): string {
  const version = choosePackageVersion(offered, asked);
  if (version !== undefined) return version;
  throw new SwarmError(
    'EngineVersionMissing',
    asked === undefined || offered.length === 0
      ? `${name}: ${where} offers no package ${engine}; nothing was installed; check the host's package sources`
      : `${name}: engine ${asked} is not offered; ${where} has ${offered.map(upstreamVersion).join(', ')}; nothing was installed; declare one of these`,
    { source: 'user' },
  );
}

/**
 * Which packages a host takes.
 *
 * @throws SwarmError `EngineSourceUnfit`.
 */
export async function packagesWanted(name: string, host: Host): Promise<FilesWanted> {
  const facts = await host.facts();
  const kind = packageKind(facts);
  if (kind !== undefined) return { kind, architecture: facts.architecture };
  throw sourceUnfit(
    name,
    `packages are for Debian, Fedora, RHEL and their kin, and it runs ${facts.os}`,
    'preinstalled, or static by its path',
  );
}

/** @param remedy sources that a host of its kind can have. */
export function sourceUnfit(name: string, why: string, remedy: string): SwarmError {
  return new SwarmError(
    'EngineSourceUnfit',
    `${name}: ${why}; nothing was installed; declare another source for this node: ${remedy}`,
    { source: 'user' },
  );
}

/** Without its tools, an engine on a kernel with AppArmor starts no container. */
export async function appArmorTools(host: Host): Promise<Readonly<Record<string, undefined>>> {
  // Distributions with rpms have SELinux in its place.
  if (packageKind(await host.facts()) !== 'deb') return {};
  const enabled = await host.files.read('/sys/module/apparmor/parameters/enabled');
  return enabled?.trim() === 'Y' ? { apparmor: undefined } : {};
}
