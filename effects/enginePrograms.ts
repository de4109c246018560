/**
 * Builds of the engine that were unpacked on a host, each in a folder of its own, and the one that is
 * used: what the units start by a path that stays the same.
 */
export interface EnginePrograms {
  /** Version of the engine in a build's folder, or in that of the `current` one; undefined: there is none. */
  version(build: string): Promise<string | undefined>;
  /**
   * Unpacks an archive of the host, a tar by gzip with one folder of programs, as a build: whole or not at all.
   *
   * @throws SwarmError `EngineUnpackFailed`.
   */
  unpack(archivePath: string, build: string): Promise<void>;
  /** Makes a build the one that is used, at one moment; the one before is kept, and older ones go. Repeating it changes nothing. */
  use(build: string): Promise<void>;
  /** Removes every build, and the client's link. */
  removeAll(): Promise<void>;
}
