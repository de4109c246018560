/** Files of one host. Paths are absolute. */
export interface Files {
  /** Content as UTF-8, or undefined when there is no such file. */
  read(path: string): Promise<string | undefined>;
  /** Written beside its place, synced and renamed, with its directories made; owner root. `mode` is octal, default 0o644. */
  write(path: string, content: string, options?: { readonly mode?: number }): Promise<void>;
  /** Copies a file of this computer to the host, whole or not at all. */
  upload(localPath: string, path: string, options?: { readonly mode?: number }): Promise<void>;
  /** Succeeds when there is no such file. Never removes a directory. */
  remove(path: string): Promise<void>;
}
