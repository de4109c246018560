/** Units of one host's systemd. Errors carry the last lines of the unit's journal. */
export interface Systemd {
  /** `active`, `inactive`, `failed`, `activating`, …; `absent` when there is no such unit. */
  state(unit: string): Promise<string>;
  start(unit: string): Promise<void>;
  /** Succeeds when there is no such unit. */
  stop(unit: string): Promise<void>;
  restart(unit: string): Promise<void>;
  reload(unit: string): Promise<void>;
  enable(unit: string): Promise<void>;
  /** Succeeds when there is no such unit. */
  disable(unit: string): Promise<void>;
  daemonReload(): Promise<void>;
  /** The last lines of a unit's journal; empty where nothing is known of it. */
  journal(unit: string): Promise<string>;
}
