/** Files of one host. Paths are absolute. */
export interface Files {
  /** Content as UTF-8, or undefined when there is no such file. */
  read(path: string): Promise<string | undefined>;
  /** Written beside its place, synced and renamed, with its directories made; owner root. `mode` is octal, default 0o644. */
  write(path: string, content: string, options?: { readonly mode?: number }): Promise<void>;
  /**
   * Compare-and-swap among all who use this method on the path: puts `content` (mode 0o600; undefined: no
   * file) in the place of exactly `expected` (undefined: no file). False: something else is there, and stays. The
   * folder is one that the login user may enter.
   */
  exchange(
    path: string,
    expected: string | undefined,
    content: string | undefined,
  ): Promise<boolean>;
  /** Copies a file of this computer to the host, whole or not at all. */
  upload(localPath: string, path: string, options?: { readonly mode?: number }): Promise<void>;
  /**
   * Copies a directory of the host to this computer, as a tar of its base name with owners and modes:
   * whole or not at all, mode 0600.
   */
  archive(directory: string, localPath: string): Promise<void>;
  /**
   * Puts a directory back from its `archive`, with owners and modes: whole or not at all. One that holds
   * anything is never replaced.
   */
  restore(localPath: string, directory: string): Promise<void>;
  /** Moves a directory out of its place in one step, to its name with `.set-aside`; what was there goes. Succeeds when there is none. */
  setAside(directory: string): Promise<void>;
  /** Removes what `setAside` left of a directory. Succeeds when there is nothing. */
  removeAside(directory: string): Promise<void>;
  /** Succeeds when there is no such file. Never removes a directory. */
  remove(path: string): Promise<void>;
}
