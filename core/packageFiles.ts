import { compareDebVersions, parseDebName } from './debFiles';
import { packageFamilies } from './engineSource';
import { choosePackageVersion, upstreamVersion } from './engineVersion';
import type { PackageKind } from './packageKind';
import { parseRpmName } from './rpmFiles';
import { compareRpmVersions } from './rpmVersion';

/** A package as a file of this computer, as its name tells. */
export interface NamedPackage {
  readonly file: string;
  readonly name: string;
  /** Full version; the epoch is missing where the file's name leaves it out, as Docker's do. */
  readonly version: string;
  readonly architecture: string;
}

/** What the host takes of a directory. */
export interface FilesWanted {
  readonly kind: PackageKind;
  /** In Debian's words, e.g. `amd64`. */
  readonly architecture: string;
}

const forms = {
  deb: {
    parse: parseDebName,
    compare: compareDebVersions,
    everywhere: 'all',
    engines: ['docker-ce', 'docker.io'],
  },
  rpm: {
    parse: parseRpmName,
    compare: compareRpmVersions,
    everywhere: 'noarch',
    engines: ['docker-ce', 'moby-engine'],
  },
} as const;

/** An architecture of Debian's in the words of rpm. */
export function rpmArchitecture(architecture: string): string {
  return { amd64: 'x86_64', arm64: 'aarch64' }[architecture] ?? architecture;
}

function ownArchitecture(kind: PackageKind, architecture: string): string {
  return kind === 'rpm' ? rpmArchitecture(architecture) : architecture;
}

/** The packages among files, the newest first. */
function named(kind: PackageKind, files: readonly string[]): readonly NamedPackage[] {
  const { parse, compare } = forms[kind];
  return files.flatMap((file) => parse(file) ?? []).sort((a, b) => compare(b.version, a.version));
}

/** The packages of one installation, or why there is none. */
export type FileChoice =
  | {
      readonly engine: string;
      readonly version: string;
      readonly chosen: readonly NamedPackage[];
      /** Packages of the engine's family; the engine itself first, then its client. */
      readonly family: readonly string[];
    }
  | { readonly missing: string; readonly versions: readonly string[] };

/**
 * What of a directory is installed together: the engine of the asked version, its client of the same
 * version, and of every other package there the newest.
 */
export function chooseFiles(
  { kind, architecture }: FilesWanted,
  files: readonly string[],
  asked: string | undefined,
): FileChoice {
  const { everywhere } = forms[kind];
  const own = ownArchitecture(kind, architecture);
  const there = named(kind, files).filter(
    (each) => each.architecture === own || each.architecture === everywhere,
  );
  const families = Object.values(packageFamilies).filter(([engine]) =>
    there.some(({ name }) => name === engine),
  );
  const [family, second] = families;
  if (family === undefined) {
    return { missing: `no package ${forms[kind].engines.join(' or ')} for ${own}`, versions: [] };
  }
  if (second !== undefined) {
    return { missing: `both ${forms[kind].engines.join(' and ')}`, versions: [] };
  }
  const [engine, client] = family;
  const versionsOf = (name: string): readonly string[] =>
    there.filter((each) => each.name === name).map(({ version }) => version);
  const version = choosePackageVersion(versionsOf(engine), asked);
  if (version === undefined) {
    const versions = [...new Set(versionsOf(engine).map(upstreamVersion))];
    return { missing: `no engine ${String(asked)}`, versions };
  }
  const others = [...new Set(there.map(({ name }) => name))].filter(
    (name) => name !== engine && name !== client,
  );
  const wanted = new Map([
    [engine, version],
    [client, choosePackageVersion(versionsOf(client), upstreamVersion(version))],
    ...others.map((name) => [name, versionsOf(name)[0]] as const),
  ]);
  return {
    ...{ engine, version, family },
    chosen: there.filter(
      (file, index) =>
        wanted.get(file.name) === file.version &&
        there.findIndex(
          ({ name, version: each }) => name === file.name && each === file.version,
        ) === index,
    ),
  };
}

/** Engine versions that a directory has, best first. */
export function fileEngineVersions(
  { kind, architecture }: FilesWanted,
  files: readonly string[],
): readonly string[] {
  const engines: readonly string[] = Object.values(packageFamilies).map(([engine]) => engine);
  const own = ownArchitecture(kind, architecture);
  const versions = named(kind, files)
    .filter((each) => engines.includes(each.name) && each.architecture === own)
    .map(({ version }) => upstreamVersion(version));
  return [...new Set(versions)];
}

/** Whether two full versions are the same; an epoch that one of them leaves out counts as the other's. */
export function isSamePackageVersion(a: string, b: string): boolean {
  const bare = (version: string): string => version.replace(/^\d+:/, '');
  return a === b || (bare(a) === bare(b) && (a === bare(a) || b === bare(b)));
}
