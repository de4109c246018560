import { isLabConnection, type Connection } from '../../core/connection';
import { defaultSource, describeSource, type EngineSourceSpec } from '../../core/engineSource';
import { versionWithin } from '../../core/engineVersion';
import { SwarmError, errorMessage } from '../../core/errors';
import { refuseOtherDataRoot } from '../operations/host/dataRoot';
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
  const answers = await Promise.all(
    nodes.flatMap((node) => [whyNotOffered(node, operation), whyElsewhere(node, operation)]),
  );
  return answers.filter((answer) => answer !== undefined);
}

/** Refused before its node goes: its Create, when the node is out, would refuse it all the same. */
async function whyElsewhere(
  { name, connection, os }: EngineWish,
  operation: Operation,
): Promise<string | undefined> {
  // A machine of a lab is built anew.
  if (isLabConnection(connection)) return undefined;
  try {
    const host = await operation.effects.hosts.connect(connection);
    if (os !== undefined && (await host.facts()).os !== os) return undefined;
    await refuseOtherDataRoot(host, name);
  } catch (error) {
    if (error instanceof SwarmError && error.code === 'DataRootElsewhere') return error.message;
    // One that does not answer has reasons of its own.
  }
  return undefined;
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
