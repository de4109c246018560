import type { Marker } from './marker';

const header = '# Managed by the Pulumi package "swarm"; changes by hand are overwritten.';

/** The first lines of a configuration file of ours: who wrote it. */
export function renderFileMarker(marker: Marker): readonly string[] {
  return [header, `# id: ${onOneLine(marker.id)}`, `# urn: ${onOneLine(marker.urn)}`];
}

/** Marker of a configuration file of ours; undefined: somebody else wrote it. */
export function parseFileMarker(text: string): Marker | undefined {
  if (!text.startsWith(header)) return undefined;
  const id = /^# id: (.+)$/m.exec(text)?.[1];
  const urn = /^# urn: (.+)$/m.exec(text)?.[1];
  return id === undefined || urn === undefined ? undefined : { id: asItWas(id), urn: asItWas(urn) };
}

/** A resource's name may hold any character; a line end would leave the comment that it stands in. */
function onOneLine(text: string): string {
  return text.replace(
    /[^\x20-\x7e]|[%\\]/g,
    (unit) => `%${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function asItWas(text: string): string {
  return text.replace(/%([0-9a-f]{4})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}
