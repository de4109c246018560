import { daemonChange, restartDigest } from './daemonOptions';
import { buildName, sourceChange, staticVersion, type EngineSourceSpec } from './engineSource';
import { isOlderEngine, versionWithin } from './engineVersion';

/** How an engine gets another version, and options that need a restart. */
export type EngineUpgrade = 'replace' | 'inPlace';

export const engineUpgrades = ['replace', 'inPlace'] as const satisfies readonly EngineUpgrade[];

/** What of an engine is declared, as far as a change of it costs something. */
export interface EngineWish {
  readonly version: string | undefined;
  readonly source: EngineSourceSpec;
  readonly daemon: Readonly<Record<string, unknown>>;
}

type Impact = 'update' | 'replace';

/**
 * What a change of an engine costs, by input. In place goes another version or build of the same kind of
 * source, and every option; another kind, an older engine, and one that somebody else installs do not.
 *
 * @param runs - version of the daemon, as last seen; undefined: not known.
 * @param kept - what an upgrade in place that is not over would put back; undefined: nothing.
 */
export function engineChange(
  runs: string | undefined,
  old: EngineWish,
  wanted: EngineWish,
  upgrade: EngineUpgrade,
  kept?: KeptEngine,
): Readonly<Record<'version' | 'source' | 'daemon', Impact>> {
  const isWithin =
    wanted.version === undefined || (runs !== undefined && versionWithin(runs, wanted.version));
  const source = sourceChange(old.source, wanted.source);
  const daemon = daemonChange(old.daemon, wanted.daemon);
  // What is taken back is put back where it was, also when `inPlace` is taken back with it.
  const isPossible =
    (upgrade === 'inPlace' || isKept(wanted, kept)) &&
    whyNotInPlace(runs, old.source.kind, wanted, kept) === undefined;
  return isPossible
    ? { version: 'update', source: 'update', daemon: 'update' }
    : { version: isWithin ? 'update' : 'replace', source, daemon };
}

/**
 * Why another engine cannot take the place of the one that runs without its node leaving; undefined: it can. The one
 * that is kept may go back to its place while nothing of the swarm has run on the newer one.
 */
export function whyNotInPlace(
  runs: string | undefined,
  kind: string,
  wish: EngineWish,
  kept?: KeptEngine,
): string | undefined {
  const { version, source } = wish;
  if (kind !== source.kind) return 'another kind of source is not exchanged in place';
  if (source.kind === 'preinstalled') return 'an engine of somebody else is not exchanged';
  const wanted = version ?? (source.kind === 'static' ? staticVersion(source) : undefined);
  return runs !== undefined &&
    wanted !== undefined &&
    isOlderEngine(wanted, runs) &&
    !isKept(wish, kept)
    ? 'an older engine may not read what a newer one wrote'
    : undefined;
}

/** Whether what is wanted is what is kept. */
export function isKept(wish: EngineWish, kept: KeptEngine | undefined): boolean {
  return kept !== undefined && isOnTarget(kept, engineTarget(wish));
}

/** What tells one installation of an engine from another one in the same place. */
export interface EngineTarget {
  /** In full or by its leading parts; undefined: whatever is there. */
  readonly version: string | undefined;
  /** Folder of the programs that were unpacked; undefined: packages. */
  readonly build: string | undefined;
  /** Of the options that a restart is needed for; empty without any. */
  readonly digest: string;
}

/** An engine that was taken out, and is whole beside the one in its place. */
export interface KeptEngine extends EngineTarget {
  readonly version: string;
}

export function engineTarget({ version, source, daemon }: EngineWish): EngineTarget {
  return {
    version,
    build: source.kind === 'static' ? buildName(source) : undefined,
    digest: restartDigest(daemon),
  };
}

/** Whether what is there is what is wanted. */
export function isOnTarget(there: KeptEngine, { version, build, digest }: EngineTarget): boolean {
  return (
    (version === undefined || versionWithin(there.version, version)) &&
    there.build === build &&
    there.digest === digest
  );
}
