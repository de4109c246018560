import { z } from 'zod';
import type { HostFacts } from './facts';
import { packageKind } from './packageKind';

/** Docker's own download site; mirrors have the same folders below another address. */
export const dockerRepositoryUrl = 'https://download.docker.com/linux';
/** Of "Docker Release (CE deb)", as Docker publishes it (docs.docker.com, "Install Docker Engine on Debian"). */
export const dockerKeyFingerprint = '9DC858229FC7DD38854AE2D88D81803C0EBFCD88';

/** The distribution's own packages: `docker.io` of Debian and its kin, `moby-engine` of Fedora. */
export interface DistributionSource {
  /** What kind of source it is. A change replaces engine and node; the machine stays. */
  readonly kind: 'distribution';
}

/** Docker's repository, or a mirror of it: `docker-ce`, for Debian, Ubuntu, Fedora, CentOS, RHEL and what is built from it. */
export interface DockerSource {
  /** What kind of source it is. */
  readonly kind: 'docker';
  /** Address above the folders `debian`, `ubuntu`, `fedora`, `centos` and `rhel`, by http or https. Default: `https://download.docker.com/linux`. Changed in place. */
  readonly url?: string;
  /** Fingerprint of the key that signs the repository, or each rpm, 40 hexadecimal digits. Default: that of Docker's. Changed in place. */
  readonly fingerprint?: string;
}

/** Packages as .deb or .rpm files of the computer that runs Pulumi, for hosts that reach no repository. */
export interface PackagesSource {
  /** What kind of source it is. */
  readonly kind: 'packages';
  /** Directory with the files, named `PACKAGE_VERSION_ARCHITECTURE.deb` or `PACKAGE-VERSION-RELEASE.ARCHITECTURE.rpm`: `docker-ce`, `docker.io` or `moby-engine`, and what it depends on. Changed in place. */
  readonly directory: string;
}

/** The archive of Docker's static programs, with units of this package. */
export interface StaticSource {
  /** What kind of source it is. */
  readonly kind: 'static';
  /** The archive on the computer that runs Pulumi, e.g. `docker-28.5.2.tgz`; or `url`. Changed in place. */
  readonly path?: string;
  /** Address that the host downloads the archive from, by http or https; or `path`. Changed in place. */
  readonly url?: string;
  /** SHA-256 of the archive in hex. A change replaces engine and node. */
  readonly sha256: string;
}

/** An engine that somebody else installs: it is checked and started, and never installed, held or stopped. */
export interface PreinstalledSource {
  /** What kind of source it is. */
  readonly kind: 'preinstalled';
}

/** Where an engine comes from. */
export type EngineSourceSpec =
  DistributionSource | DockerSource | PackagesSource | StaticSource | PreinstalledSource;
export type EngineSourceKind = EngineSourceSpec['kind'];

/** Without a declared source: what an engine was installed from before there was a choice. */
export const defaultSource: EngineSourceSpec = { kind: 'distribution' };

/** It becomes a part of a line of the package tool's sources, and no login for it may be in plain state. */
const address = z
  .string()
  .regex(
    /^https?:\/\/[A-Za-z0-9.-]+(:\d{1,5})?(\/[A-Za-z0-9._~+-]+)*\/?$/,
    'is no address of a repository; give one such as https://mirror.example/docker, without a login (apt keeps those in /etc/apt/auth.conf.d)',
  );

const fingerprint = z
  .string()
  .regex(
    /^([0-9A-Fa-f]{4} *){10}$/,
    'is no fingerprint of a key; give its 40 hexadecimal digits, as `gpg --show-keys` prints them',
  );

const kinds = {
  distribution: z.strictObject({ kind: z.literal('distribution') }),
  docker: z.strictObject({
    kind: z.literal('docker'),
    url: address.optional(),
    fingerprint: fingerprint.optional(),
  }),
  packages: z.strictObject({
    kind: z.literal('packages'),
    directory: z.string().min(1, 'is no directory; give the path of one'),
  }),
  static: z
    .strictObject({
      kind: z.literal('static'),
      path: z.string().min(1, 'is no path; give that of the archive').optional(),
      url: address.optional(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/i, 'is no SHA-256; give its 64 hexadecimal digits'),
    })
    .refine(
      ({ path, url }) => (path === undefined) !== (url === undefined),
      'needs one of `path` and `url`; give where the archive is',
    ),
  preinstalled: z.strictObject({ kind: z.literal('preinstalled') }),
} satisfies Record<EngineSourceKind, z.ZodType>;

/** A source as it is declared. */
export const engineSourceSchema = z.discriminatedUnion(
  'kind',
  [kinds.distribution, kinds.docker, kinds.packages, kinds.static, kinds.preinstalled],
  {
    error: `is no source of an engine; give a map with \`kind\`: ${Object.keys(kinds).join(', ')}`,
  },
);

/** The source in the words of a sentence, e.g. after "the newest of". */
export function describeSource(source: EngineSourceSpec): string {
  switch (source.kind) {
    case 'distribution':
      return 'the distribution';
    case 'docker':
      return source.url === undefined ? 'Docker’s repository' : `the repository ${source.url}`;
    case 'packages':
      return source.directory;
    case 'static':
      return source.path ?? source.url ?? 'an archive';
    case 'preinstalled':
      return 'the host itself';
  }
}

/** What another source means for an engine that is there: `update` touches no engine. */
export function sourceChange(
  old: EngineSourceSpec,
  wanted: EngineSourceSpec,
): 'replace' | 'update' {
  if (old.kind === 'static' && wanted.kind === 'static') {
    return old.sha256.toLowerCase() === wanted.sha256.toLowerCase() ? 'update' : 'replace';
  }
  return old.kind === wanted.kind ? 'update' : 'replace';
}

/** The engine's version by the name of the archive, as Docker names them; undefined: another name. */
export function staticVersion({
  path,
  url,
}: Pick<StaticSource, 'path' | 'url'>): string | undefined {
  return /(?:^|\/)docker-(\d{1,4}\.\d{1,4}\.\d{1,4}(?:-[a-z0-9.]{1,20})?)\.tgz$/.exec(
    path ?? url ?? '',
  )?.[1];
}

/** Folder of an archive's programs on a host: one for each content. */
export function buildName(source: StaticSource): string {
  return `${staticVersion(source) ?? 'build'}-${source.sha256.slice(0, 12).toLowerCase()}`;
}

/** Packages that an engine consists of, one family per maker; the engine itself first, then its client. */
export const packageFamilies = {
  distribution: ['docker.io', 'docker-cli', 'containerd', 'runc'],
  fedora: ['moby-engine', 'docker-cli', 'containerd', 'runc'],
  docker: ['docker-ce', 'docker-ce-cli', 'containerd.io'],
} as const;

const everyPackage: readonly string[] = [...new Set(Object.values(packageFamilies).flat())];
const engines: readonly string[] = Object.values(packageFamilies).map(([engine]) => engine);

/** What must go before an engine is installed, since only one family can be there. */
export interface Clearance {
  readonly remove: readonly string[];
  /** Engines that are there and that this package did not install: they are somebody's. */
  readonly strangers: readonly string[];
}

/**
 * @param own packages of the source that is wanted.
 * @param noted packages that an earlier source of ours has put there.
 * @param installed those of all families that are there.
 */
export function clearance(
  own: readonly string[],
  noted: readonly string[],
  installed: readonly string[],
): Clearance {
  const others = everyPackage.filter((name) => installed.includes(name) && !own.includes(name));
  return {
    remove: others.filter((name) => noted.includes(name)),
    strangers: others.filter((name) => engines.includes(name) && !noted.includes(name)),
  };
}

/** Packages whose presence `clearance` asks about. */
export const knownPackages = everyPackage;

/** The distribution's own engine and what belongs to it; or the sentence that says why it has none. */
export function distributionFamily(
  facts: Pick<HostFacts, 'os' | 'osLike'>,
): readonly string[] | string {
  if (packageKind(facts) === 'deb') return packageFamilies.distribution;
  return facts.os.startsWith('fedora:')
    ? packageFamilies.fedora
    : `its distribution, ${facts.os}, has no Docker Engine of its own`;
}

/** Folder and suite of a host in Docker's repository; or the sentence that says why it has none. */
export function dockerSuite({
  os,
  osLike,
  codename,
}: Pick<HostFacts, 'os' | 'osLike' | 'codename'>):
  { readonly folder: string; readonly suite: string } | string {
  const [id = '', version = ''] = os.split(':');
  if (id === 'debian' || id === 'ubuntu') {
    return codename === ''
      ? `its os-release names no VERSION_CODENAME, so its suite of the repository is not known`
      : { folder: id, suite: codename };
  }
  const folder = ['fedora', 'centos', 'rhel'].includes(id)
    ? id
    : osLike.includes('rhel') || osLike.includes('centos')
      ? 'centos'
      : undefined;
  if (folder === undefined) {
    return `Docker’s repository is for Debian, Ubuntu, Fedora, CentOS, RHEL and what is built from it, and it runs ${os}`;
  }
  const [release = ''] = version.split('.');
  return release === ''
    ? `its os-release names no VERSION_ID, so its release in the repository is not known`
    : { folder, suite: release };
}

/** What was installed on a host and from where, for the day when the source is another one. */
export interface SourceNote {
  readonly kind: string;
  readonly packages: readonly string[];
}

export const sourceNotePath = '/etc/pulumi-swarm/source.json';

export function renderSourceNote({ kind, packages }: SourceNote): string {
  return `${JSON.stringify({ kind, packages })}\n`;
}

const noteSchema = z.object({ kind: z.string(), packages: z.array(z.string()) });

/** A note, or undefined when there is none or when it cannot be read as one: then nothing there is ours. */
export function parseSourceNote(text: string | undefined): SourceNote | undefined {
  try {
    const { data } = noteSchema.safeParse(JSON.parse(text ?? ''));
    return data;
  } catch {
    return undefined;
  }
}
