import { element, escapeMarkup, formatCount, formatDuration, formatElapsed } from './markup';
import { clientPanel } from './clientPanel';
import { managersPanel } from './managersPanel';
import type { Report, ReportNode, TimelineStep } from './report';
import { timeScale, type TimeScale } from './scale';
import { stepKind } from './stepKinds';

const width = 1136;
const gutter = 112;
const laneHeight = 40;
const blockHeight = 24;
const managersHeight = 104;
const clientHeight = 34;
const panelGap = 34;
const axisHeight = 26;

/** The run as one picture: a lane per node, the managers, the client's failures, one time axis. */
export function renderTimelineSvg(report: Report): string {
  const { timeline } = report;
  const scale = timeScale(timeline.startedAt, timeline.endedAt, gutter, width - 12);
  const lanesTop = 24;
  const lanesBottom = lanesTop + report.nodes.length * laneHeight;
  const managersTop = lanesBottom + panelGap;
  const clientTop = managersTop + managersHeight + panelGap;
  const axisTop = clientTop + clientHeight;
  const parts = [
    element('title', {}, 'Timeline of the roll'),
    element('desc', {}, escapeMarkup(describe(report))),
    heading('Nodes', lanesTop),
    ...report.nodes.map((_, index) => stripe(index, lanesTop + index * laneHeight)),
    axis(scale, lanesTop, axisTop),
    ...report.nodes.map((node, index) =>
      lane(node, timeline, lanesTop + index * laneHeight, scale),
    ),
    heading('Managers', managersTop),
    managersPanel(report, scale, managersTop, managersHeight),
    heading('Client failures', clientTop),
    clientPanel(report, scale, clientTop, clientHeight),
  ];
  const height = axisTop + axisHeight;
  return element(
    'svg',
    {
      viewBox: `0 0 ${String(width)} ${String(height)}`,
      width,
      height,
      role: 'img',
      xmlns: 'http://www.w3.org/2000/svg',
    },
    parts.join('\n'),
  );
}

function describe(report: Report): string {
  const turns = report.nodes.map(({ name, startedAt, endedAt }) =>
    startedAt === null || endedAt === null
      ? `${name} had no step`
      : `${name} took ${formatDuration((Date.parse(endedAt) - Date.parse(startedAt)) / 1000)}`,
  );
  return `${turns.join(', ')}. ${formatCount(report.client.failures)} of ${formatCount(report.client.planned)} client requests failed.`;
}

const heading = (text: string, top: number): string =>
  element('text', { x: 0, y: top - 8, class: 'heading' }, escapeMarkup(text));

const stripe = (index: number, top: number): string =>
  element('rect', {
    x: 0,
    y: top,
    width,
    height: laneHeight,
    class: index % 2 === 0 ? 'stripe' : 'stripe odd',
  });

function lane(
  node: ReportNode,
  timeline: Report['timeline'],
  top: number,
  scale: TimeScale,
): string {
  const middle = top + laneHeight / 2;
  const label = element(
    'text',
    { x: 8, y: middle + 4.5 },
    `${element('tspan', { class: 'name' }, escapeMarkup(node.name))} ${element('tspan', { class: 'quiet' }, node.role)}`,
  );
  const steps = timeline.steps.filter((step) => step.node === node.name);
  const blocks = steps.map((step) => block(step, middle, scale));
  return [label, ...turn(node, middle, scale), ...blocks].join('');
}

/** The span of the node's whole turn behind its blocks, and how long it was. */
function turn(node: ReportNode, middle: number, scale: TimeScale): readonly string[] {
  if (node.startedAt === null || node.endedAt === null) {
    return [element('text', { x: scale.left + 8, y: middle + 4.5, class: 'quiet' }, 'no step')];
  }
  const [from, to] = [scale.x(node.startedAt), scale.x(node.endedAt)];
  const seconds = (Date.parse(node.endedAt) - Date.parse(node.startedAt)) / 1000;
  const isRoomAfter = to + 90 < scale.right;
  return [
    element('rect', {
      x: from,
      y: middle - blockHeight / 2 - 3,
      width: to - from,
      height: blockHeight + 6,
      rx: 3,
      class: 'turn',
    }),
    element(
      'text',
      {
        x: isRoomAfter ? to + 8 : from - 8,
        y: middle + 4.5,
        'text-anchor': isRoomAfter ? 'start' : 'end',
        class: 'quiet',
      },
      formatDuration(seconds),
    ),
  ];
}

function block(step: TimelineStep, middle: number, scale: TimeScale): string {
  const endedAt = new Date(Date.parse(step.startedAt) + step.seconds * 1000).toISOString();
  const from = scale.x(step.startedAt);
  const to = Math.max(scale.x(endedAt), from + 1.5);
  const startSeconds = (Date.parse(step.startedAt) - Date.parse(scale.from)) / 1000;
  const title = `${step.node}: ${step.sentence}, ${formatDuration(step.seconds)}, from ${formatElapsed(startSeconds)}`;
  return element(
    'rect',
    {
      x: from,
      y: middle - blockHeight / 2,
      // A sliver of background keeps neighbours of one colour apart.
      width: Math.max(to - from - 0.75, 1),
      height: blockHeight,
      fill: stepKind(step).color,
      class: [step.operation === 'delete' ? 'leaving' : '', step.outcome].join(' ').trim(),
    },
    element('title', {}, escapeMarkup(title)),
  );
}

function axis(scale: TimeScale, top: number, bottom: number): string {
  return scale.ticks
    .map(
      ({ x, seconds }) =>
        element('line', { x1: x, x2: x, y1: top, y2: bottom + 5, class: 'grid' }) +
        element(
          'text',
          { x, y: bottom + 20, 'text-anchor': 'middle', class: 'quiet' },
          formatElapsed(seconds),
        ),
    )
    .join('');
}
