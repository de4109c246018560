import type { Labels } from './labels';

/** Name of the one swarm object that carries the lease. */
export const leaseConfigName = 'pulumi-swarm-lease';
/** A lease whose object has not moved for this long, on the contender's own clock, is taken over. */
export const leaseTimeToLiveSeconds = 30;
/** How often a holder renews. */
export const leaseRenewSeconds = 8;

const holderLabel = 'holder';
const operationLabel = 'operation';
const sinceLabel = 'since';
const renewalLabel = 'renewal';
const baselinePrefix = 'baseline.';
/** Of the labels that core/hookNote.ts keeps beside the lease. */
export const hookNotePrefix = 'hook.';
/** The label that core/canary.ts keeps beside the lease. */
export const canaryLabel = 'canary';

/** The lease as the swarm stores it. */
export interface LeaseState {
  /** Unique per operation; undefined when the lease is free. */
  readonly holder: string | undefined;
  /** What is under way, for the other's message, e.g. `replace manager m1`. */
  readonly operation: string;
  /** ISO 8601, by the holder's clock: for people only, never compared. */
  readonly since: string;
}

export function readLease(labels: Labels): LeaseState {
  const holder = labels[holderLabel];
  return {
    holder: holder === undefined || holder === '' ? undefined : holder,
    operation: labels[operationLabel] ?? '',
    since: labels[sinceLabel] ?? '',
  };
}

/** Labels of a taken lease; what else is kept there stays. `renewal` moves at every renewal. */
export function takenLabels(
  old: Labels,
  lease: { readonly holder: string; readonly operation: string; readonly since: string },
  renewal: number,
): Labels {
  return {
    ...keptLabels(old),
    [holderLabel]: lease.holder,
    [operationLabel]: lease.operation,
    [sinceLabel]: lease.since,
    [renewalLabel]: String(renewal),
  };
}

/** Labels of a free lease. */
export function freeLabels(old: Labels): Labels {
  return keptLabels(old);
}

/** What a contender does next, from what it saw of the lease's object. */
export type LeaseDecision =
  { readonly next: 'take'; readonly why: string } | { readonly next: 'wait'; readonly why: string };

/**
 * `unmovedMilliseconds`: how long this contender itself has seen the object's version stand still,
 * by its own monotonic clock. Nobody's wall clock is compared with another's.
 */
export function decideLease(
  state: LeaseState,
  contender: string,
  unmovedMilliseconds: number,
): LeaseDecision {
  if (state.holder === undefined) return { next: 'take', why: 'it is free' };
  if (state.holder === contender) return { next: 'take', why: 'it is ours' };
  if (unmovedMilliseconds >= leaseTimeToLiveSeconds * 1000) {
    return {
      next: 'take',
      why: `its holder (${state.operation}, since ${state.since}) has not renewed it for ${String(leaseTimeToLiveSeconds)} s`,
    };
  }
  return {
    next: 'wait',
    why: `another run holds the lease (${state.operation}, since ${state.since})`,
  };
}

/** Running tasks per service name, taken before a node goes. */
export type ServiceBaseline = Readonly<Record<string, number>>;

/** The baseline kept for a node, or undefined. Text that is none as a whole counts as none: half of one is a guess. */
export function readBaseline(labels: Labels, node: string): ServiceBaseline | undefined {
  const text = labels[`${baselinePrefix}${node}`];
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isBaseline(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Every readable baseline, by the node that it was taken for. */
export function readBaselines(labels: Labels): Readonly<Record<string, ServiceBaseline>> {
  const nodes = Object.keys(labels)
    .filter((name) => name.startsWith(baselinePrefix))
    .map((name) => name.slice(baselinePrefix.length));
  return Object.fromEntries(
    nodes.flatMap((node) => {
      const baseline = readBaseline(labels, node);
      return baseline === undefined ? [] : [[node, baseline]];
    }),
  );
}

function isBaseline(value: unknown): value is ServiceBaseline {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((count) => Number.isSafeInteger(count) && Number(count) >= 0)
  );
}

/** Labels with a node's baseline added; a readable one that is there already stays, since it is from before the step. */
export function withBaseline(labels: Labels, node: string, baseline: ServiceBaseline): Labels {
  return readBaseline(labels, node) === undefined
    ? { ...labels, [`${baselinePrefix}${node}`]: JSON.stringify(baseline) }
    : labels;
}

/**
 * What runs now, and of each service that other nodes which go have had run before: what is drained beside them is no less
 * what a service had.
 *
 * @param names services of which that counts.
 */
export function highestBaseline(
  now: ServiceBaseline,
  others: readonly ServiceBaseline[],
  names: readonly string[],
): ServiceBaseline {
  const before = (name: string): readonly number[] =>
    others.flatMap((each) => (Object.hasOwn(each, name) ? [each[name] ?? 0] : []));
  return Object.fromEntries(
    Object.entries(now).map(([name, count]) => [
      name,
      names.includes(name) ? Math.max(count, ...before(name)) : count,
    ]),
  );
}

export function withoutBaseline(labels: Labels, node: string): Labels {
  const key = `${baselinePrefix}${node}`;
  return Object.fromEntries(Object.entries(labels).filter(([name]) => name !== key));
}

/** What outlives the operation that holds the lease. */
function keptLabels(labels: Labels): Labels {
  return Object.fromEntries(
    Object.entries(labels).filter(
      ([name]) =>
        name.startsWith(baselinePrefix) || name.startsWith(hookNotePrefix) || name === canaryLabel,
    ),
  );
}
