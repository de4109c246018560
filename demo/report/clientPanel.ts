import { element, escapeMarkup, formatCount, formatElapsed } from './markup';
import type { Report } from './report';
import type { TimeScale } from './scale';

type Failures = Report['timeline']['clientFailures'];

/** The client's failed ticks, each as a mark at its planned time. */
export function clientPanel(report: Report, scale: TimeScale, top: number, height: number): string {
  const { left, right } = scale;
  const ground = element('rect', { x: left, y: top, width: right - left, height, class: 'panel' });
  const { planned, failures } = report.client;
  if (planned === 0 || failures === 0) {
    const text =
      planned === 0
        ? 'the client recorded nothing'
        : `none: all ${formatCount(planned)} requests were answered`;
    return (
      ground + element('text', { x: left + 8, y: top + height / 2 + 4.5, class: 'quiet' }, text)
    );
  }
  const marks = [...byPixel(report.timeline.clientFailures, scale)].map(([x, group]) =>
    element(
      'rect',
      { x: x - 1, y: top + 3, width: 2, height: height - 6, class: 'failure' },
      element('title', {}, escapeMarkup(describe(group, scale))),
    ),
  );
  return ground + marks.join('');
}

/** Thousands of failures become one mark per pixel. */
function byPixel(failures: Failures, scale: TimeScale): Map<number, Failures> {
  const groups = new Map<number, Failures>();
  for (const failure of failures) {
    const x = Math.round(scale.x(failure.at));
    groups.set(x, [...(groups.get(x) ?? []), failure]);
  }
  return groups;
}

function describe(group: Failures, scale: TimeScale): string {
  const outcomes = [...new Set(group.map(({ outcome }) => outcome))].join(', ');
  const first = group[0]?.at ?? scale.from;
  const seconds = (Date.parse(first) - Date.parse(scale.from)) / 1000;
  return `${String(group.length)} failed at ${formatElapsed(seconds)}: ${outcomes}`;
}
