import type { BackupPolicy } from './backup';
import { isEnginesDue, type EngineDue } from './engineDue';
import { isRecord } from './isRecord';
import { labelPrefix } from './labels';
import type { Labels } from './labels';

/** Seconds that steps of a node may take. */
export interface NodeTimeouts {
  readonly gate: number;
  readonly drain: number;
  readonly demote: number;
  readonly leave: number;
  readonly join: number;
  readonly ready: number;
  readonly services: number;
}

const timeoutNames: readonly string[] = [
  'gate',
  'drain',
  'demote',
  'leave',
  'join',
  'ready',
  'services',
] satisfies readonly (keyof NodeTimeouts)[];

/** How nodes go, as the program declares it now. */
export interface RollPolicy {
  /** How many workers may be out at once. */
  readonly maxUnavailable?: number;
  readonly timeouts?: Partial<NodeTimeouts>;
  /** A healthy worker, or the one of this name, is a manager while one is out. */
  readonly standIn?: true | string;
  /** An only manager is replaced all the same, without anybody in its place; with `backup` only. */
  readonly allowOutage?: boolean;
  /** Raft is backed up before the first manager of a run goes. */
  readonly backup?: BackupPolicy;
  /** Names of the nodes whose tasks are moved start-first before the drain; `true`: of every node. Default: of none. */
  readonly startFirst?: true | readonly string[];
  /** What is declared of the virtual IP beside what its members have. */
  readonly vip?: VipPolicy;
  /** Hooks run around nodes. What they are the swarm is never told: they may hold secrets. */
  readonly hooks?: boolean;
  /** Of nodes whose machines stay: what is brought near before they go. */
  readonly engines?: readonly EngineDue[];
  /** The roll pauses behind its first node; what is declared of all nodes, by `changeOf` of core/canary.ts. */
  readonly canary?: string;
}

export interface VipPolicy {
  /** Its holder may go although nobody takes it over. Default: false. */
  readonly allowGap?: boolean;
  /** Node that has it after a roll, or `stay`. */
  readonly preferred?: string;
}

/**
 * On the swarm itself: the policy of the present run. `Swarm` writes it at the head of a run, since a
 * Delete has the inputs of the run before.
 */
export const rollPolicyLabel = `${labelPrefix}roll`;

export function renderRollPolicy(policy: RollPolicy): string {
  return JSON.stringify(policy);
}

/** The policy that the swarm carries; undefined: none, or a text that is none as a whole. */
export function parseRollPolicy(labels: Labels): RollPolicy | undefined {
  const text = labels[rollPolicyLabel];
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRollPolicy(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRollPolicy(value: unknown): value is RollPolicy {
  if (!isRecord(value)) return false;
  const { maxUnavailable, timeouts, standIn, allowOutage, backup, startFirst, vip, ...others } =
    value;
  const { hooks, engines, canary, ...rest } = others;
  return (
    Object.keys(rest).length === 0 &&
    (maxUnavailable === undefined ||
      (Number.isSafeInteger(maxUnavailable) && Number(maxUnavailable) >= 1)) &&
    (timeouts === undefined || isTimeouts(timeouts)) &&
    (standIn === undefined || standIn === true || typeof standIn === 'string') &&
    (allowOutage === undefined || typeof allowOutage === 'boolean') &&
    (backup === undefined || isBackup(backup)) &&
    (startFirst === undefined || startFirst === true || isNames(startFirst)) &&
    (vip === undefined || isVip(vip)) &&
    (hooks === undefined || typeof hooks === 'boolean') &&
    (engines === undefined || isEnginesDue(engines)) &&
    (canary === undefined || typeof canary === 'string')
  );
}

/** Whether the tasks of a node are moved start-first before it is drained. */
export function isStartFirst(
  { startFirst }: Pick<RollPolicy, 'startFirst'>,
  name: string,
): boolean {
  return startFirst === true || startFirst?.includes(name) === true;
}

function isNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
}

function isBackup(value: unknown): boolean {
  return isRecord(value) && typeof value['directory'] === 'string' && value['directory'] !== '';
}

function isVip(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { allowGap, preferred, ...rest } = value;
  return (
    Object.keys(rest).length === 0 &&
    (allowGap === undefined || typeof allowGap === 'boolean') &&
    (preferred === undefined || typeof preferred === 'string')
  );
}

function isTimeouts(value: unknown): boolean {
  return (
    isRecord(value) &&
    Object.entries(value).every(
      ([name, seconds]) =>
        timeoutNames.includes(name) && Number.isFinite(seconds) && Number(seconds) > 0,
    )
  );
}
