import { quorum } from '../../core/quorum';
import { element, escapeMarkup } from './markup';
import type { QuorumSample } from './quorum';
import type { Report } from './report';
import type { TimeScale } from './scale';

/** Members, reachable managers and the majority over time; ticks that no manager answered as bands. */
export function managersPanel(
  report: Report,
  scale: TimeScale,
  top: number,
  height: number,
): string {
  const highest = Math.max(1, ...report.quorum.map(({ members }) => members));
  const y = (count: number): number => top + height - 8 - (count / highest) * (height - 22);
  const { left, right } = scale;
  const ground = element('rect', { x: left, y: top, width: right - left, height, class: 'panel' });
  const rows = Array.from({ length: highest + 1 }, (_, count) =>
    [
      element('line', { x1: left, x2: right, y1: y(count), y2: y(count), class: 'level' }),
      element(
        'text',
        { x: left - 8, y: y(count) + 4, 'text-anchor': 'end', class: 'quiet' },
        String(count),
      ),
    ].join(''),
  );
  const bands = report.timeline.unanswered.map(({ from, to }) =>
    element(
      'rect',
      {
        x: scale.x(from),
        y: top,
        width: Math.max(scale.x(to) - scale.x(from), 1.5),
        height,
        class: 'unanswered',
      },
      element('title', {}, escapeMarkup(`no manager answered from ${from} to ${to}`)),
    ),
  );
  const line = (name: string, value: (sample: QuorumSample) => number): string =>
    element('path', { d: stepPath(report, scale, (sample) => y(value(sample))), class: name });
  return [
    ground,
    ...rows,
    ...bands,
    line('majority', ({ members }) => quorum(members)),
    line('members', ({ members }) => members),
    line('reachable', ({ reachable }) => reachable),
  ].join('\n');
}

/** A line of steps. It breaks where no manager answered: nothing is known there. */
function stepPath(report: Report, scale: TimeScale, y: (sample: QuorumSample) => number): string {
  const resumed = new Set(report.timeline.unanswered.map(({ to }) => to));
  const commands: string[] = [];
  let last: { readonly x: number; readonly y: number } | undefined;
  for (const sample of report.quorum) {
    const point = { x: scale.x(sample.at), y: y(sample) };
    if (last === undefined || resumed.has(sample.at)) {
      if (last !== undefined) commands.push(`H${last.x.toFixed(1)}`);
      commands.push(`M${point.x.toFixed(1)} ${point.y.toFixed(1)}`);
    } else if (point.y !== last.y) {
      commands.push(`H${point.x.toFixed(1)}`, `V${point.y.toFixed(1)}`);
    }
    last = point;
  }
  if (last !== undefined) commands.push(`H${last.x.toFixed(1)}`);
  return commands.join('');
}
