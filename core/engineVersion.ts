/** Whether a text can be an engine's version, in full or by its leading parts, e.g. `29.0.0-rc.1` or `26.1`. */
export function isEngineVersion(text: string): boolean {
  return /^\d{1,4}(\.\d{1,4}){0,2}(-[a-z0-9.]{1,20})?$/.test(text);
}

/**
 * Whether a package's version carries the engine that was asked for: `26.1.5` matches
 * `26.1.5+dfsg1-9+b9`, `5:28.5.2-1~debian.13~trixie` matches `28.5.2`; `26.1` matches any 26.1.x.
 */
export function packageCarriesEngine(packageVersion: string, engine: string): boolean {
  return versionWithin(upstreamVersion(packageVersion), engine);
}

/** Whether an engine's own version is the one asked for, in full or by its leading parts. */
export function versionWithin(version: string, asked: string): boolean {
  return version === asked || version.startsWith(`${asked}.`);
}

/** Whether an engine is older than another, as far as the parts that both give tell: `26.1` is not older than `26.1.5`. */
export function isOlderEngine(version: string, than: string): boolean {
  const [ours, theirs] = [version, than].map((text) => text.split('-', 1)[0]?.split('.') ?? []);
  for (const [index, part] of (ours ?? []).entries()) {
    const difference = Number(part) - Number(theirs?.[index] ?? part);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/**
 * The upstream part of a Debian package version: no epoch, no repack suffix, no revision. A
 * pre-release stays one, as the engine itself tells it: `5:29.0.0~rc.1-1~debian.13` is `29.0.0-rc.1`.
 */
export function upstreamVersion(packageVersion: string): string {
  const withoutEpoch = packageVersion.replace(/^\d+:/, '');
  const preRelease = /^([\d.]+)~((?:alpha|beta|rc)[.\d]*)/.exec(withoutEpoch);
  return preRelease?.[1] !== undefined && preRelease[2] !== undefined
    ? `${preRelease[1]}-${preRelease[2]}`
    : withoutEpoch.replace(/[-+~].*$/s, '');
}

/**
 * What becomes of the client's own package, which newer Debian splits off the engine's: the offered one
 * (best first) that goes with this engine; or the installed one that is of another engine, and in its way.
 */
export function planClient(
  engine: string,
  offered: readonly string[],
  installed: string | undefined,
): { readonly version: string | undefined; readonly isInTheWay: boolean } {
  const version = choosePackageVersion(offered, engine);
  const isOther = installed !== undefined && !packageCarriesEngine(installed, engine);
  return { version, isInTheWay: version === undefined && isOther };
}

/** The best offered package version for an asked engine, offered best first; undefined: none carries it. */
export function choosePackageVersion(
  offered: readonly string[],
  engine: string | undefined,
): string | undefined {
  return engine === undefined
    ? offered[0]
    : offered.find((version) => packageCarriesEngine(version, engine));
}
