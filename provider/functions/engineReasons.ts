import type { Connection } from '../../core/connection';
import { defaultSource, describeSource, type EngineSourceSpec } from '../../core/engineSource';
import { versionWithin } from '../../core/engineVersion';
import { errorMessage } from '../../core/errors';
import { engineSource } from '../operations/host/sources/sources';
import type { Operation } from '../server/resource';

interface EngineWish {
  readonly name: string;
  readonly connection: Connection;
  readonly os: string | undefined;
  readonly engineVersion: string | undefined;
  readonly engineSource?: EngineSourceSpec;
}

/**
 * Engine versions that a host's source does not have, found before the node is taken out for one. Only
 * hosts that keep their OS are asked: what another OS will offer is not known before it runs.
 */
export async function engineReasons(
  nodes: readonly EngineWish[],
  operation: Operation,
): Promise<readonly string[]> {
  const answers = await Promise.all(nodes.map((node) => whyNotOffered(node, operation)));
  return answers.filter((answer) => answer !== undefined);
}

async function whyNotOffered(
  { name, connection, os, engineVersion, engineSource: spec = defaultSource }: EngineWish,
  operation: Operation,
): Promise<string | undefined> {
  if (engineVersion === undefined) return undefined;
  try {
    const host = await operation.effects.hosts.connect(connection);
    if (os !== undefined && (await host.facts()).os !== os) return undefined;
    const versions = await engineSource({
      name,
      host,
      spec,
      local: operation.effects.local,
    }).versions();
    if (versions?.some((version) => versionWithin(version, engineVersion)) !== false) {
      return undefined;
    }
    return `${name}: engine ${engineVersion} is not offered; ${describeSource(spec)} has ${versions.length === 0 ? 'none' : versions.join(', ')}`;
  } catch (error) {
    operation.log(
      'warning',
      `${name}: the engines that it offers were not looked at: ${errorMessage(error)}`,
    );
    return undefined;
  }
}
