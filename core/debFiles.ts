import { packageFamilies } from './engineSource';
import { choosePackageVersion, upstreamVersion } from './engineVersion';

/** A .deb file of this computer, as its name tells: `PACKAGE_VERSION_ARCHITECTURE.deb`. */
export interface DebFile {
  readonly file: string;
  readonly name: string;
  /** Full version; the epoch is missing where the file's name leaves it out, as Docker's do. */
  readonly version: string;
  readonly architecture: string;
}

/** Debian Policy 5.6.1 and 5.6.12, with the colon of an epoch as apt writes it into names of files. */
const debName =
  /^([a-z0-9][a-z0-9.+-]{0,100})_((?:\d{1,9}(?::|%3[aA]))?\d[A-Za-z0-9.+~-]{0,200})_([a-z0-9-]{1,30})\.deb$/;

/** Undefined for a file that is no package by its name. */
export function parseDebName(file: string): DebFile | undefined {
  const [, name, version, architecture] = debName.exec(file) ?? [];
  return name === undefined || version === undefined || architecture === undefined
    ? undefined
    : { file, name, version: version.replace(/%3a/i, ':'), architecture };
}

/** The packages of one installation, or why there is none. */
export type DebChoice =
  | {
      readonly engine: string;
      readonly version: string;
      readonly debs: readonly DebFile[];
      /** Packages of the engine's family; the engine itself first, then its client. */
      readonly family: readonly string[];
    }
  | { readonly missing: string; readonly versions: readonly string[] };

/**
 * What of a directory is installed together: the engine of the asked version, its client of the same
 * version, and of every other package there the newest.
 */
export function chooseDebs(
  files: readonly string[],
  architecture: string,
  asked: string | undefined,
): DebChoice {
  const debs = files
    .flatMap((file) => parseDebName(file) ?? [])
    .filter((deb) => deb.architecture === architecture || deb.architecture === 'all')
    .sort((a, b) => compareDebVersions(b.version, a.version));
  const families = Object.values(packageFamilies).filter(([engine]) =>
    debs.some(({ name }) => name === engine),
  );
  const [family, second] = families;
  if (family === undefined) {
    return { missing: `no package docker-ce or docker.io for ${architecture}`, versions: [] };
  }
  if (second !== undefined) return { missing: 'both docker-ce and docker.io', versions: [] };
  const [engine, client] = family;
  const named = (name: string): readonly string[] =>
    debs.filter((deb) => deb.name === name).map(({ version }) => version);
  const version = choosePackageVersion(named(engine), asked);
  if (version === undefined) {
    const versions = [...new Set(named(engine).map(upstreamVersion))];
    return { missing: `no engine ${String(asked)}`, versions };
  }
  const others = [...new Set(debs.map(({ name }) => name))].filter(
    (name) => name !== engine && name !== client,
  );
  const wanted = new Map([
    [engine, version],
    [client, choosePackageVersion(named(client), upstreamVersion(version))],
    ...others.map((name) => [name, named(name)[0]] as const),
  ]);
  return {
    ...{ engine, version, family },
    debs: debs.filter(
      (deb, index) =>
        wanted.get(deb.name) === deb.version &&
        debs.findIndex(({ name, version: each }) => name === deb.name && each === deb.version) ===
          index,
    ),
  };
}

/** Engine versions that a directory has, best first. */
export function debEngineVersions(
  files: readonly string[],
  architecture: string,
): readonly string[] {
  const engines: readonly string[] = Object.values(packageFamilies).map(([engine]) => engine);
  const versions = files
    .flatMap((file) => parseDebName(file) ?? [])
    .filter((deb) => engines.includes(deb.name) && deb.architecture === architecture)
    .sort((a, b) => compareDebVersions(b.version, a.version))
    .map(({ version }) => upstreamVersion(version));
  return [...new Set(versions)];
}

/** Whether two full versions are the same; an epoch that one of them leaves out counts as the other's. */
export function isSameDebVersion(a: string, b: string): boolean {
  const bare = (version: string): string => version.replace(/^\d+:/, '');
  return a === b || (bare(a) === bare(b) && (a === bare(a) || b === bare(b)));
}

/** Negative: `a` is older. By dpkg's rules (deb-version(7)); a missing epoch is 0. */
export function compareDebVersions(a: string, b: string): number {
  const [left, right] = [split(a), split(b)];
  return firstDifference(
    left.epoch - right.epoch,
    comparePart(left.upstream, right.upstream),
    comparePart(left.revision, right.revision),
  );
}

function firstDifference(...differences: readonly number[]): number {
  return differences.find((difference) => difference !== 0) ?? 0;
}

function split(version: string): {
  readonly epoch: number;
  readonly upstream: string;
  readonly revision: string;
} {
  const [, epoch = '0', rest = ''] = /^(?:(\d+):)?(.*)$/s.exec(version) ?? [];
  const at = rest.lastIndexOf('-');
  return {
    epoch: Number(epoch),
    upstream: at === -1 ? rest : rest.slice(0, at),
    revision: at === -1 ? '' : rest.slice(at + 1),
  };
}

/** Turn by turn: what is no digit by dpkg's order of letters, and then digits as a number. */
function comparePart(a: string, b: string): number {
  let [left, right] = [a, b];
  while (left !== '' || right !== '') {
    const [leftText, rightText] = [/^\D*/.exec(left)?.[0] ?? '', /^\D*/.exec(right)?.[0] ?? ''];
    const byText = compareText(leftText, rightText);
    if (byText !== 0) return byText;
    [left, right] = [left.slice(leftText.length), right.slice(rightText.length)];
    const [leftDigits, rightDigits] = [/^\d*/.exec(left)?.[0] ?? '', /^\d*/.exec(right)?.[0] ?? ''];
    const byNumber = compareDigits(leftDigits, rightDigits);
    if (byNumber !== 0) return byNumber;
    [left, right] = [left.slice(leftDigits.length), right.slice(rightDigits.length)];
  }
  return 0;
}

/** As texts of the same length: numbers in versions may be larger than a number can be exactly. */
function compareDigits(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  const byText = left < right ? -1 : left > right ? 1 : 0;
  return firstDifference(left.length - right.length, byText);
}

function compareText(a: string, b: string): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const difference = rank(a[at]) - rank(b[at]);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A tilde sorts before the end, letters before everything else. */
function rank(character: string | undefined): number {
  if (character === '~') return -1;
  if (character === undefined) return 0;
  const code = character.charCodeAt(0);
  return /[A-Za-z]/.test(character) ? code : code + 256;
}
