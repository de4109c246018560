import type { PreinstalledSource } from '../../../../core/engineSource';
import { versionWithin } from '../../../../core/engineVersion';
import { SwarmError } from '../../../../core/errors';
import { parseDaemonVersion } from '../../../../core/parse/engineVersion';
import type { EngineSource, PreparedEngine, SourceContext } from './engineSource';

const nothing = (): Promise<void> => Promise.resolve();

/** An engine that somebody else has installed. */
export function preinstalled({ host, name }: SourceContext<PreinstalledSource>): EngineSource {
  return {
    packages: [],
    versions: async () => {
      const version = await found();
      return version === undefined ? [] : [version];
    },
    prepare: async (asked): Promise<PreparedEngine> => {
      const version = await found();
      if (version === undefined || (asked !== undefined && !versionWithin(version, asked))) {
        throw new SwarmError(
          'EngineVersionMissing',
          version === undefined
            ? `${name}: no engine is installed there, and its source is \`preinstalled\`; nothing was touched; install one, or declare another source`
            : `${name}: engine ${String(asked)} is declared, and ${version} is installed there; nothing was touched; install the one, or declare the other`,
          { source: 'user' },
        );
      }
      return { version, packages: [], fetch: nothing, install: nothing };
    },
    withdraw: () => Promise.resolve(),
  };

  /** Of the daemon, and where it is stopped, of its program. */
  async function found(): Promise<string | undefined> {
    try {
      return await host.docker.version();
    } catch (error) {
      if (!(error instanceof SwarmError && error.code === 'EngineUnreachable')) throw error;
    }
    const { code, stdout } = await host.run(['dockerd', '--version'], { timeoutSeconds: 30 });
    // One that this package has unpacked, in another time.
    if (code === 127) return host.programs.version('current');
    const version = parseDaemonVersion(stdout);
    if (code === 0 && version !== undefined) return version;
    throw new SwarmError(
      'EngineUnknown',
      `${name}: \`dockerd --version\` ended with exit code ${code} and no version; nothing was touched; look at the engine on the host`,
      { source: 'world' },
    );
  }
}
