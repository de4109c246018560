/**
 * An engine's version without the distribution's build suffix: `20.10.24+dfsg1` → `20.10.24`. The
 * suffix says how it was built, never which engine it is (semver: build metadata has no order).
 */
export function plainEngineVersion(reported: string): string {
  return reported.replace(/^v/, '').split('+', 1)[0] ?? '';
}

/** The lower of two API versions `major.minor`. */
export function lowerApiVersion(a: string, b: string): string {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number);
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number);
  return aMajor < bMajor || (aMajor === bMajor && aMinor <= bMinor) ? a : b;
}
