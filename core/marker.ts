import { urnIdentity } from './urn';

/** Says on a host which resource of which stack something belongs to. */
export interface Marker {
  /** The resource's ID. */
  readonly id: string;
  readonly urn: string;
}

/** Folder of the markers on every host; one file per kind of resource. */
export const markerDirectory = '/etc/pulumi-swarm';

export function markerPath(kind: 'host' | 'engine' | 'node'): string {
  return `${markerDirectory}/${kind}.json`;
}

export function renderMarker(marker: Marker): string {
  return `${JSON.stringify({ id: marker.id, urn: marker.urn })}\n`;
}

/** A marker, or undefined when there is none or when it cannot be read as one. */
export function parseMarker(text: string | undefined): Marker | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { id, urn } = value as { id?: unknown; urn?: unknown };
    return typeof id === 'string' && typeof urn === 'string' ? { id, urn } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a marker was written by this very resource, under this or its component's other type. */
export function isOwnMarker(marker: Marker, urn: string): boolean {
  return urnIdentity(marker.urn) === urnIdentity(urn);
}
