/** What `/etc/os-release` says; a field that is missing is the empty string. */
export interface OsRelease {
  readonly id: string;
  readonly versionId: string;
  readonly codename: string;
  readonly idLike: readonly string[];
}

/**
 * Parses os-release(5): `KEY=value` lines, values optionally in single or double quotes.
 * Testing releases of Debian have no VERSION_ID; their code name stands in for it.
 */
export function parseOsRelease(text: string): OsRelease {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^([A-Z0-9_]+)=(.*)$/.exec(line.trim());
    if (match?.[1] !== undefined && match[2] !== undefined) {
      fields.set(match[1], unquote(match[2]));
    }
  }
  const codename = fields.get('VERSION_CODENAME') ?? '';
  return {
    id: fields.get('ID') ?? '',
    versionId: fields.get('VERSION_ID') ?? codename,
    codename,
    idLike: (fields.get('ID_LIKE') ?? '').split(/\s+/).filter((word) => word !== ''),
  };
}

function unquote(value: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(value);
  return quoted?.[2] === undefined ? value : quoted[2].replace(/\\(["'\\$`])/g, '$1');
}
