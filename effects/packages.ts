/** Packages of one host's distribution: by apt, or by dnf. */
export interface Packages {
  /**
   * Full versions that the host's sources offer for a package, best first. Where they offer none, the lists are
   * refreshed, at most once per connection; not so with `isOptional`, for one that need not be there.
   */
  available(name: string, options?: { readonly isOptional: boolean }): Promise<readonly string[]>;
  /** Installed version, or undefined. */
  installed(name: string): Promise<string | undefined>;
  /**
   * Installs exactly these (`name` → full version, or undefined for the newest offered), without
   * recommended packages, keeping configuration files that are there, and repairs an installation
   * that was interrupted before. Services are not started by it.
   *
   * @throws SwarmError `PackageInstallFailed` with the tail of the tool's output.
   */
  install(packages: Readonly<Record<string, string | undefined>>): Promise<void>;
  /**
   * Downloads what `install` of these would take, after it has seen that it would succeed once the packages
   * `without`, which are installed, are gone, and that no other one goes with them. Changes no package: for a host
   * that still serves.
   *
   * @throws SwarmError `PackageUnfit` with the tail of the tool's output.
   */
  fetch(
    packages: Readonly<Record<string, string | undefined>>,
    without: readonly string[],
  ): Promise<void>;
  /**
   * Installs packages from files of this computer, at once and without any network: what they need beside
   * themselves must be there. Files whose package is there in that version are not sent.
   *
   * @throws SwarmError `PackageInstallFailed`; `PackageFileUnfit` for one that is not what its name says.
   */
  installFiles(files: readonly PackageFile[]): Promise<void>;
  /**
   * The same as `fetch` for `installFiles`, which sends none of them a second time.
   *
   * @throws SwarmError `PackageUnfit`; `PackageFileUnfit`.
   */
  fetchFiles(files: readonly PackageFile[], without: readonly string[]): Promise<void>;
  /**
   * Removes exactly these packages at once, held or not, and nothing with them; those that are not
   * installed are passed over. Their data and configuration stay.
   *
   * @throws SwarmError `PackageRemoveFailed`, e.g. when another package needs one of them.
   */
  remove(...names: readonly string[]): Promise<void>;
  /**
   * Makes files of installed packages in a directory of the host, in place of what it holds, so that `putBack`
   * makes everything of them as it is now: whole or not at all. Those that are not installed are passed over.
   * An rpm cannot be made again from what is there: it comes from where it was installed from once more.
   *
   * @throws SwarmError `PackageKeepFailed`.
   */
  keep(names: readonly string[], directory: string): Promise<void>;
  /**
   * Installs what `keep` has put into a directory, in place of any other version, without a network. Services
   * are not started by it; repeating it changes nothing.
   *
   * @throws SwarmError `PackageInstallFailed`.
   */
  putBack(directory: string): Promise<void>;
  /** Keeps these versions from being moved by an unattended upgrade. */
  hold(names: readonly string[]): Promise<void>;
  /** Lifts `hold`. */
  unhold(names: readonly string[]): Promise<void>;
  /**
   * Makes what a repository offers available, next to what is there already, and reads its lists.
   * Repeating it reads them again.
   *
   * @throws SwarmError `RepositoryUnreadable` when its lists cannot be read, or are not signed by its key. Of
   *   rpms each one is signed instead, and one that is not is refused by `install`.
   */
  addRepository(repository: PackageRepository): Promise<void>;
  /** Forgets a repository that was added under this name; what was installed from it stays. */
  removeRepository(name: string): Promise<void>;
  /**
   * Text of at most 1 MiB that the host itself downloads, by the proxies of its package tool.
   *
   * @throws SwarmError `DownloadFailed`.
   */
  download(url: string): Promise<string>;
  /**
   * The same into a file of the host, of any size, and only with this SHA-256.
   *
   * @throws SwarmError `DownloadFailed`.
   */
  downloadFile(url: string, path: string, sha256: string): Promise<void>;
}

/** A package as a file of this computer. */
export interface PackageFile {
  readonly name: string;
  /** Full version; its epoch may be missing. */
  readonly version: string;
  readonly path: string;
}

/** A repository of packages beside those of the distribution. */
export interface PackageRepository {
  /** Name of its files on the host: small letters and hyphens. */
  readonly name: string;
  readonly url: string;
  readonly suite: string;
  readonly component: string;
  /** Architecture in Debian's words, e.g. `amd64`. */
  readonly architecture: string;
  /** The one public key, in armor, that its lists must be signed by, and trusted for nothing else; or each of its rpms. */
  readonly key: string;
}
