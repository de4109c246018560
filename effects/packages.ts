/** Packages of one host's distribution. Only `apt` systems so far. */
export interface Packages {
  /** Full versions that the host's sources offer for a package, best first; refreshes the lists at most once per connection. */
  available(name: string): Promise<readonly string[]>;
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
   * Removes exactly this package, held or not, and nothing with it; succeeds where it is not installed.
   *
   * @throws SwarmError `PackageRemoveFailed`, e.g. when another package needs it.
   */
  remove(name: string): Promise<void>;
  /** Keeps these versions from being moved by an unattended upgrade. */
  hold(names: readonly string[]): Promise<void>;
  /** Lifts `hold`. */
  unhold(names: readonly string[]): Promise<void>;
}
