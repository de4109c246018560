import { isIpAddress } from '../../core/addresses';
import type { Connection, ManagerContact } from '../../core/connection';
import { isLabConnection } from '../../core/connection';
import { SwarmError } from '../../core/errors';
import type { EngineInfo, SwarmNodeFacts } from '../../core/facts';
import { memberAddress } from '../../core/gate';
import { parseImportId } from '../../core/importId';
import type { Marker } from '../../core/marker';
import type { DockerApi } from '../../effects/docker';
import type { Host } from '../../effects/effects';
import { ownMarker, readMarker } from '../operations/ask/markers';
import type { MarkerKind } from '../operations/ask/markers';
import type { Operation, PropertyValue } from '../server/resource';

/** Where an import looks. */
export interface Place {
  readonly connection: Connection;
  readonly host: Host;
  readonly name: string | undefined;
}

/** @throws SwarmError `ImportIdInvalid`, with the form that is wanted; what connecting throws. */
export async function placeOf(operation: Operation, id: string, form: string): Promise<Place> {
  const parsed = parseImportId(id);
  if (parsed === undefined || (parsed.name !== undefined) !== form.includes('#')) {
    throw importIdInvalid(operation, id, form);
  }
  const host = await operation.effects.hosts.connect(parsed.connection);
  return { ...parsed, host };
}

export function importIdInvalid(operation: Operation, id: string, form: string): SwarmError {
  return new SwarmError(
    'ImportIdInvalid',
    `${operation.name}: "${id}" is no import ID of this resource; nothing was imported; give ${form}`,
    { source: 'user' },
  );
}

/** The mark that this very resource left. @throws SwarmError `NothingToImport`, `MarkerOfAnother`. */
export async function markOf(operation: Operation, host: Host, kind: MarkerKind): Promise<Marker> {
  const marker = await ownMarker(operation, host, kind);
  if (marker !== undefined) return marker;
  throw noMark(operation, host, kind);
}

/**
 * The ID of what is below in the chain of the same node, whose resource has another URN.
 *
 * @throws SwarmError `NothingToImport`.
 */
export async function markedId(
  operation: Operation,
  host: Host,
  kind: MarkerKind,
): Promise<string> {
  const marker = await readMarker(host, kind);
  if (marker !== undefined) return marker.id;
  throw noMark(operation, host, kind);
}

function noMark(operation: Operation, host: Host, kind: MarkerKind): SwarmError {
  return nothingToImport(operation, `${host.description} has no mark of a ${kind} of this package`);
}

export function nothingToImport(operation: Operation, fact: string): SwarmError {
  return new SwarmError(
    'NothingToImport',
    `${operation.name}: ${fact}; nothing was imported; ` +
      'declare it and run `pulumi up`, with `adopt` where it belongs to a running swarm: that marks what is there, and leaves it as it is',
    { source: 'user' },
  );
}

/** Every manager of the swarm as contacts, reached as the one that was asked. */
export function contactsOf(
  nodes: readonly SwarmNodeFacts[],
  connection: Connection,
): readonly ManagerContact[] {
  return nodes
    .filter(({ managerStatus }) => managerStatus !== undefined)
    .map((node) => ({
      name: node.hostname,
      address: memberAddress(node),
      connection: connectionOf(node, connection),
    }));
}

/** How a node is reached, from how another one of its swarm is. */
export function connectionOf(node: SwarmNodeFacts, like: Connection): Connection {
  return isLabConnection(like)
    ? { lab: like.lab, machine: node.hostname }
    : { ...like, host: memberAddress(node) };
}

/** Managers as inputs; none where the host is no manager: a change of them is no change of a resource. */
export async function managersBehind({ host, connection }: Place): Promise<PropertyValue> {
  const info = await host.docker.info();
  return info.isControlAvailable ? plain(contactsOf(await host.docker.nodes(), connection)) : [];
}

/** @throws SwarmError `NothingToImport` where no manager of a swarm answers. */
export async function managerAt(
  operation: Operation,
  { host }: Place,
): Promise<{ readonly docker: DockerApi; readonly info: EngineInfo; readonly clusterId: string }> {
  const info = await host.docker.info();
  if (info.isControlAvailable && info.clusterId !== undefined) {
    return { docker: host.docker, info, clusterId: info.clusterId };
  }
  throw nothingToImport(operation, `${host.description} is no working manager of a swarm`);
}

/** The IP address of a place: as it is reached, or as its engine advertises it. */
export async function addressAt({ connection, host }: Place): Promise<string> {
  if (!isLabConnection(connection) && isIpAddress(connection.host)) return connection.host;
  return (await host.docker.info()).nodeAddress;
}

export function plain(value: unknown): PropertyValue {
  return JSON.parse(JSON.stringify(value)) as PropertyValue;
}
