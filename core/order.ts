/** One declared node as the order sees it. */
export interface OrderNode {
  readonly name: string;
  /** It is the leader now. */
  readonly isLeader: boolean;
  /** It is missing, down or unreachable now: mending it first gives tolerance back. */
  readonly isBroken: boolean;
}

/**
 * The order in which managers go, one at a time: broken ones first (they cost no vote, and their
 * replacement gives one back), the leader last (so that leadership moves once), the others as
 * declared.
 */
export function managerOrder(managers: readonly OrderNode[]): readonly string[] {
  const rank = (node: OrderNode): number => (node.isLeader ? 2 : node.isBroken ? 0 : 1);
  return byRank(managers, rank).map(({ name }) => name);
}

/**
 * Workers in batches: the first alone as a canary, then `maxUnavailable` at a time. Broken ones
 * first, the others as declared.
 */
export function workerBatches(
  workers: readonly OrderNode[],
  maxUnavailable: number,
): readonly (readonly string[])[] {
  const names = byRank(workers, (node) => (node.isBroken ? 0 : 1)).map(({ name }) => name);
  const size = resolveMaxUnavailable(maxUnavailable, workers.length);
  const batches: string[][] = [];
  if (names.length > 0) batches.push(names.slice(0, 1));
  for (let next = 1; next < names.length; next += size) {
    batches.push(names.slice(next, next + size));
  }
  return batches;
}

/**
 * `maxUnavailable` as a number of workers: an absolute number, or a percentage of the workers
 * rounded down. At least 1, since 0 would never move.
 */
export function resolveMaxUnavailable(value: number | string, workers: number): number {
  const text = String(value).trim();
  const percentage = /^(\d+(?:\.\d+)?) ?%$/.exec(text)?.[1];
  const count =
    percentage === undefined
      ? Math.floor(Number(text))
      : Math.floor((workers * Number(percentage)) / 100);
  return Number.isFinite(count) ? Math.max(1, count) : 1;
}

/** `sort` is stable by the language's own word; the copy keeps the caller's list as it is. */
function byRank<T>(items: readonly T[], rank: (item: T) => number): T[] {
  return [...items].sort((a, b) => rank(a) - rank(b));
}
