import {
  distributionFamily,
  packageFamilies,
  type DistributionSource,
} from '../../../../core/engineSource';
import { planClient, upstreamVersion } from '../../../../core/engineVersion';
import { appArmorTools, chooseOffered, sourceUnfit } from './packagedEngine';
import type { EngineSource, PreparedEngine, SourceContext } from './engineSource';

/** The distribution's own packages. */
export function distribution({ host, name }: SourceContext<DistributionSource>): EngineSource {
  const { packages } = host;
  return {
    packages: [...new Set([...packageFamilies.distribution, ...packageFamilies.fedora])],
    versions: async () => {
      const { engine } = await family();
      return (await packages.available(engine)).map(upstreamVersion);
    },
    prepare: async (asked): Promise<PreparedEngine> => {
      const { engine, client, all } = await family();
      const offered = await packages.available(engine);
      const version = chooseOffered(name, { engine, where: 'the distribution' }, offered, asked);
      return {
        version: upstreamVersion(version),
        packages: all,
        fetch: async (without) => {
          const { held, tools, isClientInTheWay } = await wanted(engine, client, version);
          const gone = isClientInTheWay ? [...new Set([...without, client])] : without;
          await packages.fetch({ ...held, ...tools }, gone);
        },
        install: () => install(engine, client, version),
      };
    },
    withdraw: () => Promise.resolve(),
  };

  async function family(): Promise<{
    readonly engine: string;
    readonly client: string;
    readonly all: readonly string[];
  }> {
    const all = distributionFamily(await host.facts());
    if (typeof all === 'string') {
      throw sourceUnfit(name, all, 'docker, packages, static or preinstalled');
    }
    const [engine = '', client = ''] = all;
    return { engine, client, all };
  }

  async function wanted(
    engine: string,
    client: string,
    version: string,
  ): Promise<{
    readonly held: Readonly<Record<string, string>>;
    readonly tools: Readonly<Record<string, undefined>>;
    readonly isClientInTheWay: boolean;
  }> {
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
    return { held, tools: await appArmorTools(host), isClientInTheWay: plan.isInTheWay };
  }

  async function install(engine: string, client: string, version: string): Promise<void> {
    const { held, tools, isClientInTheWay } = await wanted(engine, client, version);
    // An older engine brings its client itself, and apt installs it beside no other.
    if (isClientInTheWay) await packages.remove(client);
    await packages.install({ ...held, ...tools });
    await packages.hold(Object.keys(held));
  }
}
