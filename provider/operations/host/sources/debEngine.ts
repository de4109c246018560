import { takesDebs } from '../../../../core/engineSource';
import { choosePackageVersion, upstreamVersion } from '../../../../core/engineVersion';
import { SwarmError } from '../../../../core/errors';
import type { HostFacts } from '../../../../core/facts';
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
 * Facts of a host that takes .deb packages.
 *
 * @throws SwarmError `EngineSourceUnfit`.
 */
export async function debHost(name: string, host: Host): Promise<HostFacts> {
  const facts = await host.facts();
  if (takesDebs(facts)) return facts;
  throw new SwarmError(
    'EngineSourceUnfit',
    `${name}: .deb packages are for Debian and its kin, and it runs ${facts.os}; nothing was installed; declare another source for this node: preinstalled, or static by its path`,
    { source: 'user' },
  );
}

/** Without its tools, an engine on a kernel with AppArmor starts no container. */
export async function appArmorTools(host: Host): Promise<Readonly<Record<string, undefined>>> {
  const enabled = await host.files.read('/sys/module/apparmor/parameters/enabled');
  return enabled?.trim() === 'Y' ? { apparmor: undefined } : {};
}
