import { existsSync, readFileSync, readdirSync } from 'node:fs';
import * as path from 'node:path';

/** One source of packages of this computer, as far as a lab's image can use it. */
export interface AptSource {
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /** Keyring file that the source is signed by, when it names one. */
  readonly signedBy: string | undefined;
}

/** What an image takes over from this computer's way to its packages. */
export interface HostApt {
  /** URI of the Debian archive; undefined: the one that mmdebstrap takes by itself. */
  readonly mirror: string | undefined;
  /** Keyring beside Debian's own, when the mirror is signed by another. */
  readonly keyring: string | undefined;
  /** Lines of apt.conf: proxies, checks of dates, certificates. */
  readonly options: readonly string[];
}

/** Keyring of the package debian-archive-keyring; every Debian image has it. */
export const debianKeyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Parses a one-line-style sources.list. */
export function parseSourcesList(text: string): readonly AptSource[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line);
    if (match === null) return [];
    const [, options = '', uri = '', suite = '', components = ''] = match;
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1];
    return [{ uri, suites: [suite], components: words(components), signedBy }];
  });
}

/** Parses a deb822-style `*.sources`. Sources that are switched off are left out. */
export function parseDeb822Sources(text: string): readonly AptSource[] {
  const stanzas = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .split(/\n\s*\n/);
  return stanzas.flatMap((stanza) => {
    const field = (name: string): string =>
      new RegExp(`^${name}:[ \\t]*(.*(?:\\n[ \\t].*)*)`, 'im').exec(stanza)?.[1] ?? '';
    if (!words(field('Types')).includes('deb') || /^(no|false|off|0)$/i.test(field('Enabled'))) {
      return [];
    }
    // A key that stands in the stanza itself is no file.
    const signedBy = /^\/\S+$/.exec(field('Signed-By').trim())?.[0];
    return words(field('URIs')).map((uri) => ({
      uri,
      suites: words(field('Suites')),
      components: words(field('Components')),
      signedBy,
    }));
  });
}

/** The source among a Debian host's that is its archive: it carries the host's own suite. */
export function findArchive(
  sources: readonly AptSource[],
  codename: string,
): AptSource | undefined {
  return sources.find(
    ({ suites, components }) => suites.includes(codename) && components.includes('main'),
  );
}

/**
 * How this computer's apt reaches Debian. On another distribution its mirror is of no use: that of
 * mmdebstrap is taken. `SWARM_LAB_MIRROR` goes before both.
 */
export function readHostApt(aptConfigDump: string): HostApt {
  const options = carriedOptions(aptConfigDump, process.env);
  const release = readIfAny('/etc/os-release');
  const codename = /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(release)?.[1] ?? '';
  const isDebian = /^ID="?debian"?$/m.test(release);
  const archive = isDebian ? findArchive(readHostSources(), codename) : undefined;
  const chosen = process.env['SWARM_LAB_MIRROR'];
  const signedBy = archive?.signedBy;
  return {
    mirror: chosen !== undefined && chosen !== '' ? chosen : archive?.uri,
    keyring: signedBy === debianKeyring || signedBy === undefined ? undefined : signedBy,
    options,
  };
}

/** The options of `apt-config dump` that say how to reach a mirror, and the environment's proxies as such options. */
export function carriedOptions(
  aptConfigDump: string,
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const wanted =
    /^Acquire::(?:https?::(?!.*(?:Auto-?Detect|CaInfo|SslCert|SslKey))\S+|Check-Valid-Until|Check-Date|Retries|Languages) "[^"]*";$/i;
  const carried = aptConfigDump
    .split('\n')
    .filter((line) => wanted.test(line) && !line.endsWith(' "";'));
  const proxies = ['http', 'https'].flatMap((scheme) => {
    const proxy = environment[`${scheme}_proxy`] ?? environment[`${scheme.toUpperCase()}_PROXY`];
    const option = `Acquire::${scheme}::Proxy`;
    const isKnown = carried.some((line) => line.startsWith(`${option} `));
    const isUsable = proxy !== undefined && proxy !== '' && !/["\n]/.test(proxy);
    return isKnown || !isUsable ? [] : [`${option} "${proxy}";`];
  });
  return [...carried, ...proxies];
}

/** Certificates that this computer's administrator added: a mirror or proxy may be signed by one. */
export function readLocalCertificates(): readonly {
  readonly name: string;
  readonly pem: string;
}[] {
  const directory = '/usr/local/share/ca-certificates';
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith('.crt'))
    .sort()
    .map((name) => ({ name, pem: readFileSync(path.join(directory, name), 'utf8') }));
}

function readHostSources(): readonly AptSource[] {
  const directory = '/etc/apt/sources.list.d';
  const names = existsSync(directory) ? readdirSync(directory).sort() : [];
  return [
    ...parseSourcesList(readIfAny('/etc/apt/sources.list')),
    ...names.flatMap((name) => {
      const text = readIfAny(path.join(directory, name));
      if (name.endsWith('.sources')) return parseDeb822Sources(text);
      return name.endsWith('.list') ? parseSourcesList(text) : [];
    }),
  ];
}

function readIfAny(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
