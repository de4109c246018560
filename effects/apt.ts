import { SwarmError } from '../core/errors';
import { isSamePackageVersion } from '../core/packageFiles';
import { parseMadison } from '../core/parse/aptMadison';
import type { Clock } from './clock';
import { repositoryFiles, updateOptions } from './aptRepository';
import type { PackageFile, PackageRepository, Packages } from './packages';
import { keepPackages } from './keepPackages';
import { withServicesHeld } from './policyRcD';
import type { ExecResult } from './ssh/channelExec';
import type { Exec, ExecOptions } from './ssh/sshExec';
import { tailOf } from './tailOf';
import { unfit } from './unfit';
import type { HostFiles } from './hostFiles';
import { uploadUnlessThere } from './uploadUnlessThere';

/** Docker's own packages conflict with the distribution's: a refusal, instead of a removed engine. */
const noRemove = '--no-remove';
const installOptions = (first: string): readonly string[] => [
  '-y',
  '--no-install-recommends',
  first,
  // Exactly the version asked for, also when it is older, and also when we hold the package.
  '--allow-downgrades',
  '--allow-change-held-packages',
  '-o',
  'Dpkg::Options::=--force-confold',
];
const commonOptions = [
  '-o',
  'DPkg::Lock::Timeout=120',
  // Mirrors that stand still serve lists that are past their date.
  '-o',
  'Acquire::Check-Valid-Until=false',
];
const environment = { DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_MODE: 'l' };

/** Nothing but the files themselves, so that no network is tried. (`--no-download` loses their paths.) */
const withoutSources = [
  ...['-o', 'Dir::Etc::sourcelist=/dev/null'],
  ...['-o', 'Dir::Etc::sourceparts=/dev/null'],
];

/** Signs that the lists are older than what the sources hold. */
const staleLists =
  /Unable to locate package|has no installation candidate|Version '[^'\n]{0,200}' for '[^'\n]{0,200}' was not found|404 {2}Not Found|Failed to fetch|Hash Sum mismatch|File has unexpected size/;

/**
 * Constant; argument: the address. apt's own downloader is on every host that has apt, and goes through the
 * proxies that the host's packages come by.
 */
const downloadScript = `
set -eu
dir=$(mktemp -d)
trap 'rm -rf -- "$dir"' EXIT
/usr/lib/apt/apt-helper download-file "$1" "$dir/file" >&2
cat -- "$dir/file"
`;

/** How long another package tool is waited for. */
const lockSeconds = 120;

function wordsOf(packages: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.entries(packages).map(([name, version]) =>
    version === undefined ? name : `${name}=${version}`,
  );
}

/** In the words of apt: it goes. */
function removed(name: string): string {
  return `${name}-`;
}

function fileNames(files: readonly PackageFile[]): string {
  return files.map(({ name, version }) => `${name}=${version}`).join(', ');
}

/** Packages of Debian and its kin by apt and dpkg. */
export class Apt implements Packages {
  private refreshedOn: number | undefined;

  /** @param generation number of the current connection: the lists are refreshed once on each. */
  constructor(
    private readonly subject: string,
    private readonly exec: Exec,
    private readonly files: HostFiles,
    private readonly clock: Clock,
    private readonly generation: () => Promise<number>,
  ) {}

  async available(
    name: string,
    { isOptional }: { readonly isOptional: boolean } = { isOptional: false },
  ): Promise<readonly string[]> {
    const versions = await this.madison(name);
    if (isOptional || versions.length > 0) return versions;
    return (await this.refresh()) ? this.madison(name) : versions;
  }

  async installed(name: string): Promise<string | undefined> {
    const result = await this.exec(
      ['dpkg-query', '--show', '--showformat=${db:Status-Status} ${Version}', '--', name],
      { rights: 'login', timeoutSeconds: 30 },
    );
    const [status, version] = result.stdout.trim().split(' ');
    if (result.code === 0) {
      return status === 'installed' ? version : undefined;
    }
    if (result.stderr.includes('no packages found matching')) {
      return undefined;
    }
    throw this.failed('PackagesUnreadable', `\`dpkg-query\` for ${name}`, result);
  }

  async install(packages: Readonly<Record<string, string | undefined>>): Promise<void> {
    const wanted = wordsOf(packages);
    if (await this.isWhole(packages)) return;
    await withServicesHeld(this.files, async () => {
      await this.repair();
      const argv = ['apt-get', ...commonOptions, ...installOptions(noRemove)];
      const result = await this.withFreshLists([...argv, 'install', '--', ...wanted], {
        environment,
        timeoutSeconds: 1200,
      });
      if (result.code !== 0) {
        throw this.failed('PackageInstallFailed', `installing ${wanted.join(', ')}`, result);
      }
    });
  }

  async fetch(
    packages: Readonly<Record<string, string | undefined>>,
    without: readonly string[],
  ): Promise<void> {
    const words = wordsOf(packages);
    if (words.length === 0 || (await this.isWhole(packages))) return;
    await this.simulate(words, without, [], words.join(', '));
    const argv = ['apt-get', ...commonOptions, ...installOptions('--download-only')];
    const result = await this.exec([...argv, 'install', '--', ...words, ...without.map(removed)], {
      environment,
      timeoutSeconds: 1800,
    });
    if (result.code !== 0) throw unfit(this.subject, words.join(', '), result);
  }

  async fetchFiles(files: readonly PackageFile[], without: readonly string[]): Promise<void> {
    const missing = await this.missingOf(files);
    if (missing.length === 0) return;
    const paths: string[] = [];
    for (const file of missing) paths.push(await this.send(file));
    await this.simulate(paths, without, withoutSources, `the files of ${fileNames(missing)}`);
  }

  /** By apt's own plan, which the login user may ask for. */
  private async simulate(
    words: readonly string[],
    without: readonly string[],
    options: readonly string[],
    said: string,
  ): Promise<void> {
    const argv = ['apt-get', ...commonOptions, ...installOptions('--simulate'), ...options];
    const result = await this.withFreshLists(
      [...argv, 'install', '--', ...words, ...without.map(removed)],
      { rights: 'login', environment, timeoutSeconds: 300 },
    );
    if (result.code !== 0) throw unfit(this.subject, said, result);
    const others = [...result.stdout.matchAll(/^Remv (\S+)/gm)]
      .map(([, name = '']) => name)
      .filter((name) => !without.includes(name));
    if (others.length === 0) return;
    throw unfit(this.subject, said, { ...result, stdout: `it would remove ${others.join(', ')}` });
  }

  /** Once more where they were older than what the sources hold. */
  private async withFreshLists(argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
    const result = await this.exec(argv, options);
    const isStale = result.code !== 0 && staleLists.test(result.stdout + result.stderr);
    return isStale && (await this.refresh()) ? this.exec(argv, options) : result;
  }

  async installFiles(files: readonly PackageFile[]): Promise<void> {
    const missing = await this.missingOf(files);
    if (missing.length === 0) return;
    const paths: string[] = [];
    try {
      for (const file of missing) paths.push(await this.send(file));
      await this.installPaths(paths, fileNames(missing));
    } finally {
      // What a lost connection leaves there is replaced by the next run.
      for (const path of paths) await this.files.remove(path).catch(() => undefined);
    }
  }

  private async missingOf(files: readonly PackageFile[]): Promise<readonly PackageFile[]> {
    const missing: PackageFile[] = [];
    for (const file of files) {
      const there = await this.installed(file.name);
      if (there === undefined || !isSamePackageVersion(there, file.version)) missing.push(file);
    }
    return missing;
  }

  private async installPaths(paths: readonly string[], names: string): Promise<void> {
    await withServicesHeld(this.files, async () => {
      await this.repair();
      const argv = [
        ...['apt-get', ...commonOptions, ...installOptions(noRemove), ...withoutSources],
        ...['install', '--', ...paths],
      ];
      const result = await this.exec(argv, { environment, timeoutSeconds: 1200 });
      if (result.code === 0) return;
      throw this.failed('PackageInstallFailed', `installing the files of ${names}`, result);
    });
  }

  async keep(names: readonly string[], directory: string): Promise<void> {
    const there: string[] = [];
    for (const name of names) {
      if ((await this.installed(name)) !== undefined) there.push(name);
    }
    const result = await keepPackages(this.exec, there, directory);
    if (result === undefined) return;
    throw new SwarmError(
      'PackageKeepFailed',
      `${this.subject}: ${there.join(', ')} could not be kept in ${directory} (exit code ${result.code}: ${result.stderr.trim().slice(-300)}); no package was changed; look at the disk of the host`,
      { source: 'world' },
    );
  }

  async putBack(directory: string): Promise<void> {
    const list = await this.exec(['ls', '-A', '--', directory], {
      rights: 'login',
      timeoutSeconds: 30,
    });
    const files = list.stdout.split('\n').filter((name) => name.endsWith('.deb'));
    if (list.code !== 0 || files.length === 0) {
      throw this.failed('PackageInstallFailed', `looking for packages in ${directory}`, list);
    }
    const paths = files.map((file) => `${directory}/${file}`);
    await this.installPaths(paths, files.map((file) => file.replace(/\.deb$/, '')).join(', '));
  }

  /** Returns where it is on the host. apt knows what a file is by its content: the name here is ours. */
  private async send({ name, version, path: local }: PackageFile): Promise<string> {
    const path = `/var/cache/pulumi-swarm/${name}.deb`;
    await uploadUnlessThere({ exec: this.exec, files: this.files }, local, path);
    const result = await this.exec(
      ['dpkg-deb', '--show', '--showformat=${Package} ${Version}', '--', path],
      { rights: 'login', timeoutSeconds: 60 },
    );
    const [realName, realVersion = ''] = result.stdout.trim().split(' ');
    if (result.code === 0 && realName === name && isSamePackageVersion(realVersion, version)) {
      return path;
    }
    await this.files.remove(path);
    throw new SwarmError(
      'PackageFileUnfit',
      `${this.subject}: ${local} is ${result.code === 0 ? result.stdout.trim() : 'no package'}, and its name says ${name} ${version}; nothing was installed; look at where the file comes from`,
      { source: 'user' },
    );
  }

  async remove(...names: readonly string[]): Promise<void> {
    const versions = await Promise.all(names.map((name) => this.installed(name)));
    const there = names.filter((_, index) => versions[index] !== undefined);
    if (there.length === 0) return;
    await this.unhold(there);
    // Not apt-get: it would take with it whatever depends on a package, the engine among them.
    const result = await this.whileUnlocked(['dpkg', '--remove', '--', ...there], {
      environment,
      timeoutSeconds: 300,
    });
    if (result.code !== 0) {
      throw this.failed('PackageRemoveFailed', `removing ${there.join(', ')}`, result);
    }
  }

  async addRepository(repository: PackageRepository): Promise<void> {
    const { key, list, line } = repositoryFiles(repository);
    await this.files.write(key, repository.key);
    await this.files.write(list, line);
    const result = await this.whileUnlocked(
      ['apt-get', ...commonOptions, ...updateOptions(list), 'update'],
      { environment, timeoutSeconds: 600 },
    );
    // Older apt tells of lists that it did not get, or not signed, and still ends well.
    const isWhole = !/^(?:Err:|[WE]: )/m.test(`${result.stdout}\n${result.stderr}`);
    if (result.code !== 0 || !isWhole) {
      throw new SwarmError(
        'RepositoryUnreadable',
        `${this.subject}: the repository ${repository.url} ${repository.suite} gave no lists that can be trusted; no package was changed; look at address and key, and whether the host reaches it. apt's last lines:\n${tailOf(result)}`,
        { source: 'world' },
      );
    }
  }

  async removeRepository(name: string): Promise<void> {
    const { key, list } = repositoryFiles({ name });
    // The list first: apt complains about one whose key is gone.
    await this.files.remove(list);
    await this.files.remove(key);
  }

  async downloadFile(url: string, path: string, sha256: string): Promise<void> {
    await this.files.write(path, '');
    const result = await this.exec(
      ['/usr/lib/apt/apt-helper', 'download-file', url, path, `SHA256:${sha256.toLowerCase()}`],
      { timeoutSeconds: 1800 },
    );
    if (result.code === 0) return;
    await this.files.remove(path);
    throw new SwarmError(
      'DownloadFailed',
      `${this.subject}: ${url} could not be downloaded there with the SHA-256 ${sha256} (${tailOf(result)}); nothing was changed; look at the address, and at the host's way to it`,
      { source: 'world' },
    );
  }

  async download(url: string): Promise<string> {
    const result = await this.exec(['sh', '-c', downloadScript, 'download', url], {
      rights: 'login',
      timeoutSeconds: 120,
    });
    if (result.code === 0 && !result.isTruncated) return result.stdout;
    throw new SwarmError(
      'DownloadFailed',
      `${this.subject}: ${url} could not be downloaded there (${result.isTruncated ? 'it is larger than 1 MiB' : tailOf(result)}); nothing was changed; look at the address, and at the host's way to it, or declare another engine.source: a mirror, files, or the distribution`,
      { source: 'world' },
    );
  }

  async hold(names: readonly string[]): Promise<void> {
    await this.mark('hold', names);
  }

  async unhold(names: readonly string[]): Promise<void> {
    await this.mark('unhold', names);
  }

  private async mark(verb: 'hold' | 'unhold', names: readonly string[]): Promise<void> {
    const result = await this.exec(['apt-mark', verb, ...names], { timeoutSeconds: 60 });
    if (result.code !== 0) {
      throw this.failed('PackageHoldFailed', `\`apt-mark ${verb}\` of ${names.join(', ')}`, result);
    }
  }

  private async madison(name: string): Promise<readonly string[]> {
    const result = await this.exec(['apt-cache', 'madison', '--', name], {
      rights: 'login',
      timeoutSeconds: 60,
    });
    if (result.code !== 0) {
      throw this.failed('PackagesUnreadable', `\`apt-cache madison\` for ${name}`, result);
    }
    const versions = result.isTruncated ? 'more than can be read' : parseMadison(result.stdout);
    if (typeof versions !== 'string') return versions;
    throw new SwarmError(
      'PackagesUnreadable',
      `${this.subject}: \`apt-cache madison\` for ${name} gave ${versions}; which versions there are is not known; nothing was installed; look at the host's package sources`,
      { source: 'world' },
    );
  }

  /** False when the lists were already refreshed on this connection. */
  private async refresh(): Promise<boolean> {
    const generation = await this.generation();
    if (this.refreshedOn === generation) {
      return false;
    }
    const result = await this.whileUnlocked(['apt-get', ...commonOptions, 'update'], {
      environment,
      timeoutSeconds: 600,
    });
    if (result.code !== 0) {
      throw this.failed('PackageListsFailed', '`apt-get update`', result);
    }
    this.refreshedOn = generation;
    return true;
  }

  /** Exactly these are installed, and nothing is half done: an image has brought them, or an earlier run. */
  private async isWhole(packages: Readonly<Record<string, string | undefined>>): Promise<boolean> {
    const isThere = async ([name, version]: [string, string | undefined]): Promise<boolean> => {
      const installed = await this.installed(name);
      if (installed === undefined) return false;
      return installed === (version ?? (await this.madison(name))[0]);
    };
    const there = await Promise.all(Object.entries(packages).map(isThere));
    return !there.includes(false) && (await this.isClean());
  }

  private async isClean(): Promise<boolean> {
    const [audit, journal] = await Promise.all([
      this.exec(['dpkg', '--audit'], { rights: 'login', timeoutSeconds: 60 }),
      this.exec(['find', '/var/lib/dpkg/updates', '-type', 'f', '-print', '-quit'], {
        rights: 'login',
        timeoutSeconds: 30,
      }),
    ]);
    return audit.code === 0 && audit.stdout.trim() === '' && journal.stdout.trim() === '';
  }

  /** Completes what an installation that was cut has left half done. */
  private async repair(): Promise<void> {
    if (await this.isClean()) return;
    const result = await this.whileUnlocked(
      ['dpkg', '--force-confold', '--configure', '--pending'],
      { environment, timeoutSeconds: 1200 },
    );
    // Packages that are only unpacked may lack their dependencies; apt-get brings those.
    if (result.code !== 0 && !/dependency problems/.test(result.stderr)) {
      throw this.failed('PackageInstallFailed', 'completing an earlier installation', result);
    }
  }

  /** Neither dpkg nor `apt-get update` wait for the lock of another package tool. */
  private async whileUnlocked(argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
    const endMs = this.clock.monotonicMs() + lockSeconds * 1000;
    for (;;) {
      const result = await this.exec(argv, options);
      const isLocked = /locked by another process|Could not get lock/.test(result.stderr);
      if (result.code === 0 || !isLocked || this.clock.monotonicMs() > endMs) {
        return result;
      }
      await this.clock.sleep(2000);
    }
  }

  private failed(code: string, action: string, result: ExecResult): SwarmError {
    return new SwarmError(
      code,
      `${this.subject}: ${action} failed with exit code ${result.code}; packages may be installed in part; the next run completes them. Last lines:\n${tailOf(result)}`,
      { source: 'world' },
    );
  }
}
