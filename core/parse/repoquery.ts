import { compareRpmVersions, fullRpmVersion } from '../rpmVersion';

/** Name, epoch, version, release and architecture, as dnf prints a package. */
const line =
  /^([A-Za-z0-9][A-Za-z0-9._+-]{0,200})-((?:\d{1,9}:)?[^-:\s]{1,200}-[^-:\s]{1,200})\.[a-z0-9_]{1,30}$/;

/**
 * Versions of one package in the output of `dnf repoquery --showduplicates NAME`, best first, each once and
 * with its epoch.
 *
 * @returns the versions, or the sentence that says which line is none of repoquery's.
 */
export function parseRepoquery(output: string, name: string): readonly string[] | string {
  const versions = new Set<string>();
  for (const text of output.split('\n')) {
    if (text.trim() === '') continue;
    const [, found, version] = line.exec(text) ?? [];
    // A list that lacks a part of a line would make an older version the newest.
    if (found === undefined || version === undefined) {
      return `no line of a list of packages: ${JSON.stringify(text.slice(0, 80))}`;
    }
    if (found === name) versions.add(fullRpmVersion(version));
  }
  return [...versions].sort((a, b) => compareRpmVersions(b, a));
}
