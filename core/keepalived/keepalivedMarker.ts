/** Who wrote a configuration file, kept in its first lines. */
export interface VrrpMarker {
  readonly id: string;
  readonly urn: string;
}

const header = '# Managed by the Pulumi package "swarm"; changes by hand are overwritten.';

/** The first lines of a file of ours. */
export function renderKeepalivedMarker(marker: VrrpMarker): readonly string[] {
  return [header, `# id: ${onOneLine(marker.id)}`, `# urn: ${onOneLine(marker.urn)}`];
}

/** Marker of a configuration file of ours; undefined: somebody else wrote it. */
export function parseKeepalivedMarker(text: string): VrrpMarker | undefined {
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
