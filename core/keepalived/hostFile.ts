/** A file that an instance of ours needs beside keepalived.conf, whole. Root's. */
export interface VrrpFile {
  readonly path: string;
  readonly text: string;
  /** Octal. */
  readonly mode: number;
}
