import {
  describeSource,
  dockerKeyFingerprint,
  dockerRepositoryUrl,
  dockerSuite,
  packageFamilies,
  type DockerSource,
} from '../../../../core/engineSource';
import { choosePackageVersion, upstreamVersion } from '../../../../core/engineVersion';
import type { PackageRepository } from '../../../../effects/packages';
import { checkedKey } from '../../../../effects/openPgpKey';
import { appArmorTools, chooseOffered, sourceUnfit } from './packagedEngine';
import type { EngineSource, PreparedEngine, SourceContext } from './engineSource';

const [engine, client, runtime] = packageFamilies.docker;
const repositoryName = 'pulumi-swarm-docker';

/** Docker's repository, or a mirror of it. */
export function dockerRepository({ host, name, spec }: SourceContext<DockerSource>): EngineSource {
  const { packages } = host;
  return {
    packages: packageFamilies.docker,
    versions: async () => {
      const offered = await packages.available(engine);
      return offered.length === 0 ? undefined : offered.map(upstreamVersion);
    },
    prepare: async (asked): Promise<PreparedEngine> => {
      await packages.addRepository(await repository());
      const offered = await packages.available(engine);
      const where = describeSource(spec);
      const version = chooseOffered(name, { engine, where }, offered, asked);
      const clients = await packages.available(client);
      const clientVersion = choosePackageVersion(clients, upstreamVersion(version));
      const wanted = { [engine]: version, [client]: clientVersion, [runtime]: undefined };
      return {
        version: upstreamVersion(version),
        packages: packageFamilies.docker,
        fetch: async (without) => {
          await packages.fetch({ ...wanted, ...(await appArmorTools(host)) }, without);
        },
        install: async () => {
          await packages.install({ ...wanted, ...(await appArmorTools(host)) });
          await packages.hold(packageFamilies.docker);
        },
      };
    },
    withdraw: () => packages.removeRepository(repositoryName),
  };

  async function repository(): Promise<PackageRepository> {
    const facts = await host.facts();
    const suite = dockerSuite(facts);
    if (typeof suite === 'string') {
      throw sourceUnfit(name, suite, 'packages, static or preinstalled');
    }
    const site = (spec.url ?? dockerRepositoryUrl).replace(/\/$/, '');
    // Package tools read certificates of their own, and a small host has none.
    if (site.startsWith('https:') && (await packages.installed('ca-certificates')) === undefined) {
      await packages.install({ 'ca-certificates': undefined });
    }
    const url = `${site}/${suite.folder}`;
    const key = await packages.download(`${url}/gpg`);
    return {
      name: repositoryName,
      url,
      suite: suite.suite,
      component: 'stable',
      architecture: facts.architecture,
      key: checkedKey(`${name}: ${url}/gpg`, key, spec.fingerprint ?? dockerKeyFingerprint),
    };
  }
}
