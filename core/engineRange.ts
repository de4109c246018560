/** Engines from one version on, and below another; a bound that is left out is none. */
export interface EngineRange {
  /** Included. */
  readonly from?: string;
  /** Not included. */
  readonly below?: string;
}

type Parts = readonly [number, number, number];

/**
 * Whether an engine is in one of the ranges, by its version in full or by leading parts, e.g. `28.5`. A
 * pre-release counts as its release. Undefined: the text is no version, or it could be one of either side.
 */
export function isInRanges(version: string, ranges: readonly EngineRange[]): boolean | undefined {
  const [lowest, highest] = [partsOf(version, 0), partsOf(version, Infinity)];
  if (lowest === undefined || highest === undefined) return undefined;
  const answers = ranges.map(({ from = '0', below }) => {
    const [first, end] = [partsOf(from, 0), below === undefined ? undefined : partsOf(below, 0)];
    if (first === undefined) return undefined;
    if (isBefore(highest, first) || (end !== undefined && !isBefore(lowest, end))) return false;
    const isWhole = !isBefore(lowest, first) && (end === undefined || isBefore(highest, end));
    return isWhole ? true : undefined;
  });
  if (answers.includes(true)) return true;
  return answers.every((answer) => answer === false) ? false : undefined;
}

/** The ranges in words, e.g. `before 25.0.12, and 26.0.0 to before 28.0.0`. */
export function describeRanges(ranges: readonly EngineRange[]): string {
  return ranges.map(describeRange).join(', and ');
}

function describeRange({ from, below }: EngineRange): string {
  if (from === undefined) return below === undefined ? 'all' : `before ${below}`;
  return below === undefined ? `${from} and later` : `${from} to before ${below}`;
}

/** Parts that the text leaves out are `missing`. */
function partsOf(text: string, missing: number): Parts | undefined {
  const match = /^(\d{1,4})(?:\.(\d{1,4}))?(?:\.(\d{1,4}))?(?:[-+~][0-9A-Za-z.+~-]{0,60})?$/.exec(
    text,
  );
  if (match === null) return undefined;
  const [, major, minor, patch] = match;
  const part = (digits: string | undefined): number =>
    digits === undefined ? missing : Number(digits);
  return [part(major), part(minor), part(patch)];
}

function isBefore(one: Parts, other: Parts): boolean {
  for (const [index, part] of one.entries()) {
    const than = other[index] ?? 0;
    if (part !== than) return part < than;
  }
  return false;
}
