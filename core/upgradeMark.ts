import { z } from 'zod';
import type { KeptEngine } from './engineChange';
import { markerDirectory } from './marker';

/**
 * On a host: an upgrade in place, from before anything of it is changed. It stays when the upgrade is
 * done, as the note of what was there before and where it is kept.
 */
export interface UpgradeMark {
  /**
   * `begun`: the engine is as it was. `kept`: what was there is kept, and what is there now may be anything
   * between the two. `checked`: the new one runs, and the node may serve again. `done`: all is over, or left to
   * an Activation.
   */
  readonly phase: 'begun' | 'kept' | 'checked' | 'done';
  /** What was there, and what takes its place again when the new one does not come up. */
  readonly from: {
    readonly version: string;
    /** Folder of its programs; undefined: packages. */
    readonly build?: string | undefined;
    /** Packages that are kept in `keptDirectory`. */
    readonly packages: readonly string[];
    readonly digest: string;
    /** `daemon.json` and our note of it as they were; undefined: there was none. */
    readonly daemonFile?: string | undefined;
    readonly daemonNote?: string | undefined;
  };
  /** What takes its place. */
  readonly to: {
    readonly version?: string | undefined;
    readonly build?: string | undefined;
    readonly digest: string;
  };
}

export const upgradeMarkPath = `${markerDirectory}/upgrade.json`;
/** Packages of the engine that was there before the last upgrade in place. */
export const keptDirectory = '/var/lib/pulumi-swarm/kept';

const schema = z.object({
  phase: z.enum(['begun', 'kept', 'checked', 'done']),
  from: z.object({
    version: z.string(),
    build: z.string().optional(),
    packages: z.array(z.string()),
    digest: z.string(),
    daemonFile: z.string().optional(),
    daemonNote: z.string().optional(),
  }),
  to: z.object({
    version: z.string().optional(),
    build: z.string().optional(),
    digest: z.string(),
  }),
});

export function renderUpgradeMark(mark: UpgradeMark): string {
  return `${JSON.stringify(mark)}\n`;
}

/** Undefined: there is none, or it cannot be read as one: files are written whole, so it is none of ours. */
export function parseUpgradeMark(text: string | undefined): UpgradeMark | undefined {
  try {
    return schema.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}

/**
 * What may go back into its place when an upgrade is taken back, its node staying in the swarm: the engine that was
 * kept, as long as the upgrade is not over or its node is held.
 */
export function takesBack(mark: UpgradeMark | undefined, isHeld: boolean): KeptEngine | undefined {
  if (mark === undefined || !(isHeld || isUnfinished(mark))) return undefined;
  const { version, build, digest } = mark.from;
  return { version, build, digest };
}

/** Whether an upgrade was begun there, and has not come to its end. */
export function isUnfinished(
  mark: UpgradeMark | undefined,
): mark is UpgradeMark & { readonly phase: Exclude<UpgradeMark['phase'], 'done'> } {
  return mark !== undefined && mark.phase !== 'done';
}
