import type { BenchStep } from './benchStep';
import type { NodeTurn } from './exposure';

/** One roll by one way. */
export interface RollFigures {
  readonly totalMs: number;
  readonly turns: readonly NodeTurn[];
  /** Client requests through the virtual IP that failed, of how many. */
  readonly failures: number;
  readonly requests: number;
  /** Longest time without an answer through the virtual IP, the client's own stalls left out. */
  readonly longestGapMs: number;
  readonly steps: readonly BenchStep[];
  /** When it began, in milliseconds since the epoch. */
  readonly fromMs: number;
  /** Highest load average of this computer over one minute meanwhile. */
  readonly load: number;
}

/** All rolls of one way. */
export interface WayFigures {
  readonly name: string;
  readonly what: string;
  readonly rolls: readonly RollFigures[];
}

/** A row of the page's table: one figure for each roll, in milliseconds or as a count. */
export interface Measure {
  readonly name: string;
  readonly unit: 's' | 'requests';
  /** Every figure of a roll: nodes have one each. */
  readonly of: (roll: RollFigures) => readonly number[];
}

const ofRole =
  (role: NodeTurn['role'], figure: (turn: NodeTurn) => number) =>
  ({ turns }: RollFigures): readonly number[] =>
    turns.filter((turn) => turn.role === role).map(figure);

export const measures: readonly Measure[] = [
  { name: 'whole roll', unit: 's', of: ({ totalMs }) => [totalMs] },
  { name: 'a node’s turn', unit: 's', of: ({ turns }) => turns.map(({ turnMs }) => turnMs) },
  {
    name: 'exposure of a manager',
    unit: 's',
    of: ofRole('manager', ({ exposureMs }) => exposureMs),
  },
  {
    name: 'exposure of a worker',
    unit: 's',
    of: ofRole('worker', ({ exposureMs }) => exposureMs),
  },
  {
    name: 'longest gap of a client',
    unit: 's',
    of: ({ longestGapMs }) => [longestGapMs],
  },
  { name: 'failed requests', unit: 'requests', of: ({ failures }) => [failures] },
];

/** What building the image of machines took, before any node was touched; it is in the whole roll. Undefined: there is no image. */
export function imageMs({ steps }: RollFigures): number | undefined {
  const images = steps.filter(({ kind }) => kind === 'image');
  if (images.length === 0) return undefined;
  return images.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
}

/** The roll whose total is the middle one: what the picture shows. */
export function middleRoll(rolls: readonly RollFigures[]): RollFigures | undefined {
  const sorted = [...rolls].sort((a, b) => a.totalMs - b.totalMs);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}
