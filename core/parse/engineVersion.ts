/**
 * An engine's version without the distribution's build suffix: `20.10.24+dfsg1` → `20.10.24`. The
 * suffix says how it was built, never which engine it is (semver: build metadata has no order).
 */
export function plainEngineVersion(reported: string): string {
  return reported.replace(/^v/, '').split('+', 1)[0] ?? '';
}

/** What `dockerd --version` says; undefined for any other text. */
export function parseDaemonVersion(said: string): string | undefined {
  const version = /^Docker version ([0-9A-Za-z.+~-]{1,60}),/.exec(said)?.[1];
  return version === undefined ? undefined : plainEngineVersion(version);
}

/** The lower of two API versions `major.minor`. */
export function lowerApiVersion(a: string, b: string): string {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number);
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number);
  return aMajor < bMajor || (aMajor === bMajor && aMinor <= bMinor) ? a : b;
}
