import { element, escapeMarkup, formatDuration } from '../../demo/report/markup';
import { timeScale, type TimeScale } from '../../demo/report/scale';
import { stepKinds, type BenchStep, type StepKind } from './benchStep';
import type { NodeTurn } from './exposure';
import { middleRoll, type RollFigures, type WayFigures } from './figures';

const width = 1100;
const gutter = 70;
const laneHeight = 24;
const blockHeight = 16;
const headHeight = 30;
const legendHeight = 30;
const axisHeight = 24;

/** Colours keep apart for the common kinds of colour blindness, on light and on dark pages. */
const colours: Readonly<Record<StepKind, string>> = {
  image: '#b8860b',
  'virtual IP': '#8b5cc7',
  membership: '#2563a8',
  machine: '#c2660c',
  engine: '#0f8a7e',
  waiting: '#8a8f98',
};

/** Steps of the middle roll by each way, a lane per node, all on one time axis. */
export function renderTimelinePicture(ways: readonly WayFigures[]): string {
  const shown = ways.flatMap(({ name, rolls }) => {
    const roll = middleRoll(rolls);
    return roll === undefined ? [] : [{ name, roll }];
  });
  const longestMs = Math.max(1000, ...shown.map(({ roll }) => roll.totalMs));
  const scale = timeScale(isoAt(0), isoAt(longestMs), gutter, width - 12);
  const panels: string[] = [];
  let top = legendHeight;
  for (const { name, roll } of shown) {
    panels.push(panel(name, roll, top, scale));
    top += headHeight + lanesOf(roll).length * laneHeight;
  }
  const height = top + axisHeight;
  return `${element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${String(width)} ${String(height)}`,
      width,
      height,
      role: 'img',
      'font-family': 'system-ui, sans-serif',
      'font-size': 12,
    },
    [
      element('title', {}, 'Steps of the middle roll by each way'),
      element('rect', { width, height, fill: '#ffffff' }),
      legend(),
      axis(scale, top),
      ...panels,
    ].join('\n'),
  )}\n`;
}

function legend(): string {
  return stepKinds
    .map((kind, index) => {
      const x = gutter + index * 120;
      return (
        element('rect', { x, y: 8, width: 12, height: 12, fill: colours[kind] }) +
        element('text', { x: x + 18, y: 18, fill: '#1f2430' }, kind)
      );
    })
    .join('');
}

function panel(name: string, roll: RollFigures, top: number, scale: TimeScale): string {
  const title = element(
    'text',
    { x: 4, y: top + 20, fill: '#1f2430', 'font-weight': 'bold' },
    escapeMarkup(`${name}: ${formatDuration(roll.totalMs / 1000)}`),
  );
  const lanes = lanesOf(roll).map(({ name: lane, steps, turn }, index) => {
    const y = top + headHeight + index * laneHeight;
    return [
      element('text', { x: 4, y: y + 13, fill: '#1f2430' }, escapeMarkup(lane)),
      ...steps.map((step) => block(step, roll.fromMs, y, scale)),
      ...(turn === undefined ? [] : [exposure(turn, roll.fromMs, y, scale)]),
    ].join('');
  });
  return [title, ...lanes].join('\n');
}

interface Lane {
  readonly name: string;
  readonly steps: readonly BenchStep[];
  readonly turn?: NodeTurn;
}

/** One for each node, and before them one for what belongs to none. */
function lanesOf({ turns, steps }: RollFigures): readonly Lane[] {
  const images = steps.filter(({ kind }) => kind === 'image');
  return [
    ...(images.length === 0 ? [] : [{ name: 'image', steps: images }]),
    ...turns.map((turn) => ({
      name: turn.name,
      steps: steps.filter(({ node }) => node === turn.name),
      turn,
    })),
  ];
}

/** A line below the steps, for as long as the node is out. */
function exposure(turn: NodeTurn, fromMs: number, y: number, scale: TimeScale): string {
  return element('rect', {
    x: scale.x(isoAt(turn.fromMs + turn.turnMs - turn.exposureMs - fromMs)),
    y: y + blockHeight + 1,
    width: pixels(turn.exposureMs, scale),
    height: 3,
    fill: '#b3261e',
  });
}

function block(step: BenchStep, fromMs: number, y: number, scale: TimeScale): string {
  const seconds = formatDuration((step.toMs - step.fromMs) / 1000);
  return element(
    'rect',
    {
      x: scale.x(isoAt(step.fromMs - fromMs)),
      y,
      // A sliver of background keeps neighbours of one colour apart.
      width: Math.max(0.75, pixels(step.toMs - step.fromMs, scale) - 0.75),
      height: blockHeight,
      fill: colours[step.kind],
    },
    element('title', {}, escapeMarkup(`${step.node}: ${step.label}, ${seconds}`)),
  );
}

function axis(scale: TimeScale, bottom: number): string {
  return scale.ticks
    .map(
      ({ x, seconds }) =>
        element('line', { x1: x, x2: x, y1: legendHeight, y2: bottom, stroke: '#d9dce3' }) +
        element(
          'text',
          { x, y: bottom + 16, 'text-anchor': 'middle', fill: '#5b6270' },
          `${String(seconds)} s`,
        ),
    )
    .join('');
}

function pixels(ms: number, scale: TimeScale): number {
  return scale.x(isoAt(ms)) - scale.left;
}

/** The scale speaks of moments: those of a roll are counted from the epoch. */
function isoAt(ms: number): string {
  return new Date(Math.max(0, ms)).toISOString();
}
