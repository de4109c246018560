import { SwarmError } from '../../../core/errors';
import { isOwnMarker, markerPath, parseMarker, renderMarker } from '../../../core/marker';
import type { Marker } from '../../../core/marker';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';

export type MarkerKind = Parameters<typeof markerPath>[0];

/**
 * What stands on a host under the marker of another resource stays as it is.
 *
 * @param subject what it is, e.g. `m1: keepalived there`.
 * @throws SwarmError `MarkerOfAnother`.
 */
export function refuseMarkerOfAnother(
  operation: Operation,
  marker: Marker | undefined,
  subject: string,
  remedy: string,
): void {
  if (marker === undefined || isOwnMarker(marker, operation.urn)) return;
  throw new SwarmError(
    'MarkerOfAnother',
    `${subject} is managed by ${marker.urn}; nothing was touched; ${remedy}`,
    { source: 'user' },
  );
}

/** The marker of one kind on a host, or undefined. */
export async function readMarker(host: Host, kind: MarkerKind): Promise<Marker | undefined> {
  return parseMarker(await host.files.read(markerPath(kind)));
}

/**
 * The marker of an earlier, interrupted Create of this very resource, or undefined.
 *
 * @throws SwarmError `MarkerOfAnother` when another resource manages this host.
 */
export async function ownMarker(
  operation: Operation,
  host: Host,
  kind: MarkerKind,
): Promise<Marker | undefined> {
  const marker = await readMarker(host, kind);
  refuseMarkerOfAnother(
    operation,
    marker,
    `${operation.name}: ${host.description}`,
    'if the resource was renamed, give the new one `previousName` (or an alias of that URN), ' +
      `otherwise remove it there first, or delete ${markerPath(kind)} on the host`,
  );
  return marker;
}

export async function writeMarker(host: Host, kind: MarkerKind, marker: Marker): Promise<void> {
  await host.files.write(markerPath(kind), renderMarker(marker), { mode: 0o600 });
}

/** Removes the marker if it is that of this resource ID. */
export async function removeMarker(host: Host, kind: MarkerKind, id: string): Promise<void> {
  const marker = await readMarker(host, kind);
  if (marker?.id === id) await host.files.remove(markerPath(kind));
}
