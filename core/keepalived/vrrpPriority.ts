/** Priorities from the declared order of managers: the first one highest, all distinct, within 1–254. */
export function vrrpPriority(index: number): number {
  return Math.max(1, 200 - index * 10);
}
