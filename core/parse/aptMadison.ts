/**
 * Versions in the output of `apt-cache madison NAME`, in its order (highest first), each once.
 * Only lines of binary packages count: what those of source packages name cannot be installed.
 *
 * @returns the versions, or the sentence that says which line is none of madison's.
 */
export function parseMadison(output: string): readonly string[] | string {
  const versions = new Set<string>();
  for (const line of output.split('\n')) {
    if (line.trim() === '') continue;
    const columns = line.split('|', 4).map((column) => column.trim());
    const [name = '', version = '', origin = ''] = columns;
    // A list that lacks its first lines, or a part of one, would make an older version the newest.
    if (columns.length !== 3 || !isName(name) || !isVersion(version) || !isOrigin(origin)) {
      return `no line of a list of versions: ${JSON.stringify(line.slice(0, 80))}`;
    }
    if (origin.endsWith(' Packages')) versions.add(version);
  }
  return [...versions];
}

/** Debian Policy 5.6.1, with the architecture where it is not the host's own. */
function isName(text: string): boolean {
  return /^[a-z0-9][a-z0-9.+-]{0,200}(?::[a-z0-9-]{1,30})?$/.test(text);
}

/** Debian Policy 5.6.12. */
function isVersion(text: string): boolean {
  return /^(?:\d{1,9}:)?\d[A-Za-z0-9.+~-]{0,200}$/.test(text);
}

function isOrigin(text: string): boolean {
  return text.endsWith(' Packages') || text.endsWith(' Sources');
}
