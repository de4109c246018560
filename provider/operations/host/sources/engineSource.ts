import type { EngineSourceSpec } from '../../../../core/engineSource';
import type { Host, LocalFiles } from '../../../../effects/effects';

/** Where an engine comes from, on one host. */
export interface EngineSource {
  /** Packages that it may put on the host, the dependencies that other sources would clash with included. */
  readonly packages: readonly string[];
  /** Engine versions that it has for this host, best first; undefined: not known before the host is changed. */
  versions(): Promise<readonly string[] | undefined>;
  /**
   * Finds the engine of the asked version (in full, by its leading parts, or the newest) and brings near
   * what is needed for it. No engine is touched.
   *
   * @throws SwarmError `EngineVersionMissing` with the versions that there are.
   */
  prepare(asked: string | undefined): Promise<PreparedEngine>;
  /** Takes away what it has put on the host beside packages; images and volumes stay. */
  withdraw(): Promise<void>;
}

export interface PreparedEngine {
  /** Version that the daemon must answer with, in full or by its leading parts. */
  readonly version: string;
  /** Packages that it is made of: only they stay when room is made for it. */
  readonly packages: readonly string[];
  /**
   * Sees that `install` would succeed once these packages, which make room for it, are gone, and downloads what it
   * takes, while the engine that is there still serves.
   *
   * @throws SwarmError `PackageUnfit`.
   */
  readonly fetch: (without: readonly string[]) => Promise<void>;
  /** Puts it on the host, held at its version and not started; repeating it changes nothing. */
  readonly install: () => Promise<void>;
}

/** What a source of one kind is made from. */
export interface SourceContext<Spec extends EngineSourceSpec = EngineSourceSpec> {
  /** Name of the node, for messages. */
  readonly name: string;
  readonly host: Host;
  readonly local: LocalFiles;
  readonly spec: Spec;
}
