import { isLabConnection, type Connection } from '../../core/connection';
import { defaultSource, describeSource, type EngineSourceSpec } from '../../core/engineSource';
import { versionWithin } from '../../core/engineVersion';
import { SwarmError, errorMessage } from '../../core/errors';
import type { Host } from '../../effects/effects';
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
  const answers = await Promise.all(nodes.map((node) => reasonsOf(node, operation)));
  return answers.flat();
}

async function reasonsOf(node: EngineWish, operation: Operation): Promise<readonly string[]> {
  const { name, connection, os, engineVersion } = node;
  if (engineVersion === undefined && isLabConnection(connection)) return [];
  try {
    const host = await operation.effects.hosts.connect(connection);
    if (os !== undefined && (await host.facts()).os !== os) return [];
    const whys = [await whyNotOffered(node, host, operation), await whyElsewhere(node, host)];
    return whys.filter((why) => why !== undefined);
  } catch (error) {
    if (engineVersion !== undefined) {
      operation.log(
        'warning',
        `${name}: the engines that it offers were not looked at: ${errorMessage(error)}`,
      );
    }
    return [];
  }
}

/** Refused before its node goes: its Create, when the node is out, would refuse it all the same. */
async function whyElsewhere(
  { name, connection }: EngineWish,
  host: Host,
): Promise<string | undefined> {
  // A machine of a lab is built anew.
  if (isLabConnection(connection)) return undefined;
  try {
    await refuseOtherDataRoot(host, name);
  } catch (error) {
    if (error instanceof SwarmError && error.code === 'DataRootElsewhere') return error.message;
    // One that does not answer has reasons of its own.
  }
  return undefined;
}

async function whyNotOffered(
  { name, engineVersion, engineSource: spec = defaultSource }: EngineWish,
  host: Host,
  { effects: { local } }: Operation,
): Promise<string | undefined> {
  if (engineVersion === undefined) return undefined;
  const versions = await engineSource({ name, host, spec, local }).versions();
  return versions?.some((version) => versionWithin(version, engineVersion)) === false
    ? `${name}: engine ${engineVersion} is not offered; ${describeSource(spec)} has ${versions.length === 0 ? 'none' : versions.join(', ')}`
    : undefined;
}
