import { dnfConfPath, excludedPackages, withExclusions } from '../core/dnfConf';
import { SwarmError } from '../core/errors';
import { isSamePackageVersion } from '../core/packageFiles';
import { parseRepoquery } from '../core/parse/repoquery';
import { parseRpmName } from '../core/rpmFiles';
import { fullRpmVersion } from '../core/rpmVersion';
import { downloadFailed, withDownload } from './curlDownload';
import { dnfRepositoryFiles } from './dnfRepository';
import type { HostFiles } from './hostFiles';
import type { PackageFile, PackageRepository, Packages } from './packages';
import { keepRpms } from './rpmKeep';
import { repairRpms } from './rpmRepair';
import type { ExecResult } from './ssh/channelExec';
import type { Exec } from './ssh/sshExec';
import { tailOf } from './tailOf';
import { unfit } from './unfit';
import { uploadUnlessThere } from './uploadUnlessThere';

const installOptions = ['--setopt=install_weak_deps=False', 'install'];
const withoutSources = '--disablerepo=*';
/** What another run has held is ours to move. */
const heldToo = '--setopt=disable_excludes=main';

/** Resolved and downloaded only; what goes before the installation may be in its way until then. */
function fetchOptions(without: readonly string[]): readonly string[] {
  return ['--downloadonly', ...(without.length === 0 ? [] : ['--allowerasing'])];
}

/** Signs that the lists are older than what the sources hold. */
const staleLists =
  /No match for argument|Unable to find a match|Status code: 404|No more mirrors to try|[Cc]hecksum doesn't match|Cannot download/;

/** dnf takes words for options wherever they stand, also behind `--`. */
const plainWord = /^[A-Za-z0-9][A-Za-z0-9.+:~^_-]*$/;

/**
 * Packages of Fedora, RHEL and its kin by dnf and rpm. Both wait by themselves for another one's lock. No rpm of
 * these distributions starts its service (their packaging guidelines), so nothing has to hold services back.
 */
export class Dnf implements Packages {
  private refreshedOn: number | undefined;

  /** @param generation number of the current connection: the lists are refreshed once on each. */
  constructor(
    private readonly subject: string,
    private readonly exec: Exec,
    private readonly files: HostFiles,
    private readonly generation: () => Promise<number>,
  ) {}

  async available(
    name: string,
    { isOptional }: { readonly isOptional: boolean } = { isOptional: false },
  ): Promise<readonly string[]> {
    const versions = await this.query(name);
    const isKnown = typeof versions !== 'string' && (isOptional || versions.length > 0);
    // The tool fails where no lists were read before.
    const again = !isKnown && (await this.refresh()) ? await this.query(name) : versions;
    if (typeof again !== 'string') return again;
    throw new SwarmError(
      'PackagesUnreadable',
      `${this.subject}: \`dnf repoquery\` for ${name} gave ${again}; which versions there are is not known; nothing was installed; look at the host's package sources`,
      { source: 'world' },
    );
  }

  async installed(name: string): Promise<string | undefined> {
    const result = await this.exec(
      ['rpm', '--query', '--queryformat', '%{EPOCHNUM}:%{VERSION}-%{RELEASE}\\n', '--', name],
      { rights: 'login', timeoutSeconds: 30 },
    );
    if (result.code === 0) return result.stdout.trim().split('\n').at(-1);
    if (result.stdout.includes('is not installed')) return undefined;
    throw this.failed('PackagesUnreadable', `\`rpm --query\` for ${name}`, result);
  }

  async install(packages: Readonly<Record<string, string | undefined>>): Promise<void> {
    const names = Object.keys(packages);
    const wanted = this.wordsOf(packages);
    await repairRpms(this.subject, this.exec, names);
    const argv = ['dnf', '-y', ...(await this.heldToo(names)), ...installOptions, '--', ...wanted];
    const result = await this.withFreshLists(argv);
    if (result.code === 0) return;
    throw this.failed('PackageInstallFailed', `installing ${wanted.join(', ')}`, result);
  }

  async fetch(
    packages: Readonly<Record<string, string | undefined>>,
    without: readonly string[],
  ): Promise<void> {
    const wanted = this.wordsOf(packages);
    if (wanted.length === 0) return;
    const result = await this.withFreshLists([
      ...['dnf', '-y', ...(await this.heldToo(Object.keys(packages)))],
      ...[...installOptions, ...fetchOptions(without), '--', ...wanted],
    ]);
    if (result.code !== 0) throw unfit(this.subject, wanted.join(', '), result);
  }

  async fetchFiles(files: readonly PackageFile[], without: readonly string[]): Promise<void> {
    const missing = await this.missingOf(files);
    if (missing.length === 0) return;
    const paths: string[] = [];
    for (const file of missing) paths.push(await this.send(file));
    const names = missing.map(({ name }) => name);
    const result = await this.exec(
      [
        ...['dnf', '-y', ...(await this.heldToo(names)), withoutSources],
        ...[...installOptions, ...fetchOptions(without), '--', ...paths],
      ],
      { timeoutSeconds: 1200 },
    );
    if (result.code !== 0) throw unfit(this.subject, `the files of ${names.join(', ')}`, result);
  }

  async installFiles(files: readonly PackageFile[]): Promise<void> {
    const missing = await this.missingOf(files);
    if (missing.length === 0) return;
    const paths: string[] = [];
    for (const file of missing) paths.push(await this.place(file));
    const names = missing.map(({ name, version }) => `${name}-${version}`).join(', ');
    // The files stay: no repository has what `keep` is asked for after that.
    await this.installPaths(
      paths,
      missing.map(({ name }) => name),
      names,
    );
  }

  async keep(names: readonly string[], directory: string): Promise<void> {
    const there = await this.thereOf(names);
    const result = await keepRpms(this.exec, there, directory, await this.heldToo(there));
    if (result === undefined) return;
    throw new SwarmError(
      'PackageKeepFailed',
      `${this.subject}: ${there.join(', ')} could not be kept in ${directory}, since an rpm is had again only from where it came (${tailOf(result)}); no package was changed; look whether the repository still has the installed version, and at the disk of the host`,
      { source: 'world' },
    );
  }

  async putBack(directory: string): Promise<void> {
    const list = await this.exec(['ls', '-A', '--', directory], {
      rights: 'login',
      timeoutSeconds: 30,
    });
    const files = list.stdout.split('\n').filter((name) => name.endsWith('.rpm'));
    if (list.code !== 0 || files.length === 0) {
      throw this.failed('PackageInstallFailed', `looking for packages in ${directory}`, list);
    }
    const names = files.map((file) => parseRpmName(file)?.name ?? file.replace(/\.rpm$/, ''));
    await this.installPaths(
      files.map((file) => `${directory}/${file}`),
      names,
      names.join(', '),
    );
  }

  async remove(...names: readonly string[]): Promise<void> {
    const there = await this.thereOf(names);
    if (there.length === 0) return;
    await this.unhold(there);
    // Not dnf: it would take with it whatever depends on a package, the engine among them.
    const result = await this.exec(['rpm', '--erase', '--allmatches', '--', ...there], {
      timeoutSeconds: 300,
    });
    if (result.code === 0) return;
    throw this.failed('PackageRemoveFailed', `removing ${there.join(', ')}`, result);
  }

  /** By `excludepkgs` of dnf's own file: the versionlock plugin is not on every host, and not asked by PackageKit. */
  async hold(names: readonly string[]): Promise<void> {
    await this.exclude({ add: names });
  }

  async unhold(names: readonly string[]): Promise<void> {
    await this.exclude({ remove: names });
  }

  async addRepository(repository: PackageRepository): Promise<void> {
    const { key, repo, text } = dnfRepositoryFiles(repository);
    await this.files.write(key, repository.key);
    await this.files.write(repo, text);
    const result = await this.exec(
      ['dnf', '-y', withoutSources, `--enablerepo=${repository.name}`, 'makecache', '--refresh'],
      { timeoutSeconds: 600 },
    );
    if (result.code === 0) return;
    throw new SwarmError(
      'RepositoryUnreadable',
      `${this.subject}: the repository ${repository.url} ${repository.suite} gave no lists that can be read; no package was changed; look at the address, and whether the host reaches it. dnf's last lines:\n${tailOf(result)}`,
      { source: 'world' },
    );
  }

  async removeRepository(name: string): Promise<void> {
    const { key, repo } = dnfRepositoryFiles({ name });
    // The repository first: dnf fails on one whose key is gone.
    await this.files.remove(repo);
    await this.files.remove(key);
  }

  async downloadFile(url: string, path: string, sha256: string): Promise<void> {
    const result = await withDownload(this.host, { url, sha256 }, (file) =>
      this.exec(['install', '-D', '-m', '644', '-T', '--', file, path], { timeoutSeconds: 300 }),
    );
    if (result.code !== 0) throw downloadFailed(this.subject, url, result.stderr.trim());
  }

  async download(url: string): Promise<string> {
    const result = await withDownload(this.host, { url }, (file) =>
      this.exec(['cat', '--', file], { rights: 'login', timeoutSeconds: 60 }),
    );
    if (result.code === 0 && !result.isTruncated) return result.stdout;
    throw downloadFailed(
      this.subject,
      url,
      result.isTruncated ? 'it is larger than 1 MiB' : result.stderr.trim(),
    );
  }

  private get host(): { readonly subject: string; readonly exec: Exec } {
    return { subject: this.subject, exec: this.exec };
  }

  private async installPaths(
    paths: readonly string[],
    names: readonly string[],
    said: string,
  ): Promise<void> {
    await repairRpms(this.subject, this.exec, names);
    const result = await this.exec(
      [
        'dnf',
        '-y',
        ...(await this.heldToo(names)),
        withoutSources,
        ...installOptions,
        '--',
        ...paths,
      ],
      { timeoutSeconds: 1200 },
    );
    if (result.code === 0) return;
    throw this.failed('PackageInstallFailed', `installing the files of ${said}`, result);
  }

  private async missingOf(files: readonly PackageFile[]): Promise<readonly PackageFile[]> {
    const missing: PackageFile[] = [];
    for (const file of files) {
      const there = await this.installed(file.name);
      if (there === undefined || !isSamePackageVersion(there, file.version)) missing.push(file);
    }
    return missing;
  }

  /** Sent, in the place of the file of what is installed, which `keep` is not asked for any more. Returns where. */
  private async place(file: PackageFile): Promise<string> {
    const path = `/var/cache/pulumi-swarm/${file.name}.rpm`;
    const argv = ['mv', '-fT', '--', await this.send(file), path];
    const result = await this.exec(argv, { timeoutSeconds: 60 });
    if (result.code === 0) return path;
    throw this.failed('PackageInstallFailed', `placing the file of ${file.name}`, result);
  }

  /** Returns where it is on the host, beside the file of what is installed. */
  private async send({ name, version, path: local }: PackageFile): Promise<string> {
    this.requirePlain([name]);
    const path = `/var/cache/pulumi-swarm/${name}.next.rpm`;
    await uploadUnlessThere({ exec: this.exec, files: this.files }, local, path);
    const result = await this.exec(
      [
        ...['rpm', '--query', '--package', '--nosignature'],
        ...['--queryformat', '%{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE}\\n', '--', path],
      ],
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

  private async thereOf(names: readonly string[]): Promise<readonly string[]> {
    const there: string[] = [];
    for (const name of names) {
      if ((await this.installed(name)) !== undefined) there.push(name);
    }
    return there;
  }

  private async exclude(change: Parameters<typeof withExclusions>[1]): Promise<void> {
    const text = await this.files.read(dnfConfPath);
    const wanted = withExclusions(text, change);
    if (wanted !== (text ?? '')) await this.files.write(dnfConfPath, wanted);
  }

  /** Only for what is held itself: other exclusions of the host stand. */
  private async heldToo(names: readonly string[]): Promise<readonly string[]> {
    const excluded = excludedPackages(await this.files.read(dnfConfPath));
    return names.some((name) => excluded.includes(name)) ? [heldToo] : [];
  }

  /** The versions, or the sentence that says why they are not known. */
  private async query(name: string): Promise<readonly string[] | string> {
    this.requirePlain([name]);
    const result = await this.exec(
      [
        ...['dnf', '-q', '--cacheonly', ...(await this.heldToo([name]))],
        ...['repoquery', '--showduplicates', '--', name],
      ],
      { timeoutSeconds: 120 },
    );
    if (result.code !== 0) return `exit code ${result.code}: ${tailOf(result)}`;
    return result.isTruncated ? 'more than can be read' : parseRepoquery(result.stdout, name);
  }

  private wordsOf(packages: Readonly<Record<string, string | undefined>>): readonly string[] {
    const words = Object.entries(packages).map(([name, version]) =>
      version === undefined ? name : `${name}-${fullRpmVersion(version)}`,
    );
    this.requirePlain(words);
    return words;
  }

  /** Once more where they were older than what the sources hold. */
  private async withFreshLists(argv: readonly string[]): Promise<ExecResult> {
    const result = await this.exec(argv, { timeoutSeconds: 1800 });
    const isStale = result.code !== 0 && staleLists.test(result.stdout + result.stderr);
    return isStale && (await this.refresh()) ? this.exec(argv, { timeoutSeconds: 1800 }) : result;
  }

  /** False when the lists were already refreshed on this connection. */
  private async refresh(): Promise<boolean> {
    const generation = await this.generation();
    if (this.refreshedOn === generation) return false;
    const result = await this.exec(['dnf', '-q', 'makecache', '--refresh'], {
      timeoutSeconds: 600,
    });
    if (result.code !== 0) {
      throw this.failed('PackageListsFailed', '`dnf makecache`', result);
    }
    this.refreshedOn = generation;
    return true;
  }

  private requirePlain(words: readonly string[]): void {
    const odd = words.find((word) => !plainWord.test(word));
    if (odd === undefined) return;
    throw new SwarmError(
      'PackageInstallFailed',
      `${this.subject}: ${JSON.stringify(odd)} is no name and version of a package; nothing was installed; look at what is declared`,
      { source: 'user' },
    );
  }

  private failed(code: string, action: string, result: ExecResult): SwarmError {
    return new SwarmError(
      code,
      `${this.subject}: ${action} failed with exit code ${result.code}; packages may be installed in part; the next run completes them. Last lines:\n${tailOf(result)}`,
      { source: 'world' },
    );
  }
}
