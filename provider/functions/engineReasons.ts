import { choosePackageVersion, upstreamVersion, versionWithin } from '../../core/engineVersion';
import type { Connection } from '../../core/connection';
import { errorMessage } from '../../core/errors';
import { enginePackage } from '../operations/host/engineSetup';
import type { Operation } from '../server/resource';

interface EngineWish {
  readonly name: string;
  readonly connection: Connection;
  readonly os: string | undefined;
  readonly engineVersion: string | undefined;
}

/**
 * Engine versions that a host's distribution does not offer, found before the node is taken out for
 * one. Only hosts that keep their OS are asked: what another OS will offer is not known before it runs.
 */
export async function engineReasons(
  nodes: readonly EngineWish[],
  operation: Operation,
): Promise<readonly string[]> {
  const answers = await Promise.all(nodes.map((node) => whyNotOffered(node, operation)));
  return answers.filter((answer) => answer !== undefined);
}

async function whyNotOffered(
  { name, connection, os, engineVersion }: EngineWish,
  operation: Operation,
): Promise<string | undefined> {
  if (engineVersion === undefined) return undefined;
  try {
    const host = await operation.effects.hosts.connect(connection);
    if (os !== undefined && (await host.facts()).os !== os) return undefined;
    const installed = await host.packages.installed(enginePackage);
    if (installed !== undefined && versionWithin(upstreamVersion(installed), engineVersion)) {
      return undefined;
    }
    const offered = await host.packages.available(enginePackage);
    return choosePackageVersion(offered, engineVersion) === undefined
      ? `${name}: engine ${engineVersion} is not offered; the distribution has ${offered.length === 0 ? 'none' : offered.map(upstreamVersion).join(', ')}`
      : undefined;
  } catch (error) {
    operation.log(
      'warning',
      `${name}: the engines that it offers were not looked at: ${errorMessage(error)}`,
    );
    return undefined;
  }
}
