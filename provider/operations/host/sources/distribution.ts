import { packageFamilies, type DistributionSource } from '../../../../core/engineSource';
import { planClient, upstreamVersion } from '../../../../core/engineVersion';
import { appArmorTools, chooseOffered, debHost } from './debEngine';
import type { EngineSource, PreparedEngine, SourceContext } from './engineSource';

const [engine, client] = packageFamilies.distribution;

/** The distribution's own packages. */
export function distribution({ host, name }: SourceContext<DistributionSource>): EngineSource {
  const { packages } = host;
  return {
    packages: packageFamilies.distribution,
    versions: async () => (await packages.available(engine)).map(upstreamVersion),
    prepare: async (asked): Promise<PreparedEngine> => {
      await debHost(name, host);
      const offered = await packages.available(engine);
      const version = chooseOffered(name, { engine, where: 'the distribution' }, offered, asked);
      return {
        version: upstreamVersion(version),
        packages: packageFamilies.distribution,
        install: () => install(version),
      };
    },
    withdraw: () => Promise.resolve(),
  };

  async function install(version: string): Promise<void> {
    // Newer Debian splits the client off; it must be the same version, or the held engine blocks it.
    // The lists have the engine, so they have its client, or there is none.
    const plan = planClient(
      upstreamVersion(version),
      await packages.available(client, { isOptional: true }),
      await packages.installed(client),
    );
    const held = {
      [engine]: version,
      ...(plan.version === undefined ? {} : { [client]: plan.version }),
    };
    const tools = await appArmorTools(host);
    // An older engine brings its client itself, and apt installs it beside no other.
    if (plan.isInTheWay) await packages.remove(client);
    await packages.install({ ...held, ...tools });
    await packages.hold(Object.keys(held));
  }
}
