/** Maps moments of a run to pixels. */
export interface TimeScale {
  /** Start of the run, ISO 8601. */
  readonly from: string;
  readonly left: number;
  readonly right: number;
  /** Pixel of a moment in ISO 8601, kept within the scale. */
  x(at: string): number;
  /** Axis marks: pixel and elapsed seconds. */
  readonly ticks: readonly { readonly x: number; readonly seconds: number }[];
}

const tickSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
const maximumTicks = 12;

export function timeScale(from: string, to: string, left: number, right: number): TimeScale {
  const start = Date.parse(from);
  const totalSeconds = Math.max(1, (Date.parse(to) - start) / 1000);
  const pixel = (seconds: number): number =>
    left + (Math.min(Math.max(seconds, 0), totalSeconds) / totalSeconds) * (right - left);
  const step =
    tickSteps.find((candidate) => totalSeconds / candidate <= maximumTicks) ??
    Math.ceil(totalSeconds / maximumTicks);
  const count = Math.floor(totalSeconds / step) + 1;
  return {
    from,
    left,
    right,
    x: (at) => pixel((Date.parse(at) - start) / 1000),
    ticks: Array.from({ length: count }, (_, index) => ({
      x: pixel(index * step),
      seconds: index * step,
    })),
  };
}
