/** The same text for the same data, whatever the order of its keys. */
export function canonical(value: unknown): string {
  return JSON.stringify([value], (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : part,
  );
}
