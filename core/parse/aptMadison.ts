/**
 * Versions in the output of `apt-cache madison NAME`, in its order (highest first), each once.
 * Only lines of binary packages count: what those of source packages name cannot be installed.
 */
export function parseMadison(output: string): readonly string[] {
  const versions = new Set<string>();
  for (const line of output.split('\n')) {
    const [, version, origin] = line.split('|').map((column) => column.trim());
    if (version !== undefined && version !== '' && origin?.endsWith(' Packages') === true) {
      versions.add(version);
    }
  }
  return [...versions];
}
