import { quorum } from '../../core/quorum';
import { gapBoundMs } from './clientSentence';
import { element, escapeMarkup, formatCount, formatDuration, formatElapsed } from './markup';
import type { Report, ReportNode } from './report';
import { kindsOf, stepKind } from './stepKinds';
import { reportStyle } from './style';
import { renderTimelineSvg } from './timelineSvg';

/** report.html: one file that needs nothing else, no script and no network. */
export function renderReportHtml(report: Report): string {
  const title = `${report.os.from} → ${report.os.to}, rolled through ${String(report.nodes.length)} nodes`;
  const body = [
    header(report, title),
    problems(report),
    figures(report),
    element(
      'section',
      { 'aria-label': 'Timeline' },
      element('h2', {}, 'Timeline') + renderTimelineSvg(report) + legend(report),
    ),
    element(
      'section',
      { 'aria-label': 'Steps' },
      element('h2', {}, 'Steps') +
        element(
          'div',
          { class: 'nodes' },
          report.nodes
            .filter(({ steps }) => steps.length > 0)
            .map((node) => card(node, report))
            .join(''),
        ),
    ),
  ].join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)}</title>
<style>${reportStyle}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

function header(report: Report, title: string): string {
  const engine = `Engine ${report.engine.from} → ${report.engine.to} · ${report.timeline.startedAt.replace('T', ' ').slice(0, 19)} UTC`;
  return element(
    'header',
    {},
    element(
      'div',
      {},
      element('h1', {}, escapeMarkup(title)) +
        element('p', { class: 'quiet' }, escapeMarkup(engine)),
    ) + element('strong', { class: `result ${report.result}` }, report.result),
  );
}

function problems(report: Report): string {
  if (report.problems.length === 0) return '';
  const items = report.problems.map((problem) => element('li', {}, escapeMarkup(problem)));
  return element('ul', { class: 'problems' }, items.join(''));
}

function figures(report: Report): string {
  const { client, quorumUnanswered, visits } = report;
  const lowest = report.quorum.reduce<Report['quorum'][number] | undefined>(
    (worst, sample) => (worst === undefined || margin(sample) < margin(worst) ? sample : worst),
    undefined,
  );
  const tiles: readonly (readonly [string, string, string])[] = [
    ['Total', formatDuration(report.totalSeconds), `${String(report.nodes.length)} nodes`],
    lowest === undefined
      ? ['Managers reachable at worst', '–', 'no manager answered']
      : [
          'Managers reachable at worst',
          `${String(lowest.reachable)} of ${String(lowest.members)}`,
          `majority is ${String(quorum(lowest.members))} · ${formatCount(report.quorum.length)} samples`,
        ],
    [
      'Unanswered samples',
      formatCount(quorumUnanswered.samples),
      `at most ${String(quorumUnanswered.longestRun)} in a row`,
    ],
    [
      'Client failures',
      formatCount(client.failures),
      `of ${formatCount(client.requests)} requests${client.skipped === 0 ? '' : `, ${formatCount(client.skipped)} not sent`}`,
    ],
    [
      'Longest gap between answers',
      `${formatCount(Math.round(client.longestGapMs))} ms`,
      gapNote(client),
    ],
    [
      'Visits that the application counted',
      formatCount(visits.counted),
      `of ${formatCount(visits.asked)} · ${visits.isWhole ? 'none was forgotten' : 'not whole'}`,
    ],
  ];
  return element(
    'dl',
    { class: 'figures' },
    tiles
      .map(([label, value, note]) =>
        element(
          'div',
          {},
          element('dt', {}, label) +
            element('dd', { class: 'value' }, value) +
            element('dd', { class: 'quiet' }, note),
        ),
      )
      .join(''),
  );
}

function gapNote({ longestGapMs, longestPathGapMs }: Report['client']): string {
  return longestGapMs <= gapBoundMs
    ? `none over ${String(gapBoundMs)} ms`
    : `over ${String(gapBoundMs)} ms · ${formatCount(Math.round(longestPathGapMs))} ms without the client's stalls`;
}

const margin = ({ members, reachable }: Report['quorum'][number]): number =>
  reachable - quorum(members);

function legend(report: Report): string {
  const entry = (swatch: string, label: string): string => element('li', {}, swatch + label);
  const swatch = (color: string, name = ''): string =>
    element('i', { class: `swatch ${name}`.trim(), style: `background:${color}` });
  return element(
    'ul',
    { class: 'legend' },
    [
      ...kindsOf(report.timeline.steps).map(({ color, label }) => entry(swatch(color), label)),
      entry(swatch('#6b7280', 'leaving'), 'paler: taken down'),
      entry(element('i', { class: 'line members' }), 'members'),
      entry(element('i', { class: 'line reachable' }), 'reachable'),
      entry(element('i', { class: 'line majority' }), 'majority'),
      ...(report.timeline.unanswered.length === 0
        ? []
        : [entry(element('i', { class: 'swatch unanswered' }), 'no manager answered')]),
    ].join(''),
  );
}

function card(node: ReportNode, report: Report): string {
  const { startedAt, steps } = report.timeline;
  const own = steps.filter((step) => step.node === node.name);
  const longest = Math.max(...own.map(({ seconds }) => seconds), 1);
  const rows = own.map((step) => {
    const { color } = stepKind(step);
    const bar = element('i', {
      class: 'bar',
      style: `width:${((step.seconds / longest) * 100).toFixed(1)}%;background:${color}`,
    });
    const at = (Date.parse(step.startedAt) - Date.parse(startedAt)) / 1000;
    return element(
      'tr',
      { class: step.outcome },
      element('td', { class: 'number quiet' }, formatElapsed(at)) +
        element('td', { class: 'sentence' }, escapeMarkup(step.sentence)) +
        element('td', { class: 'number' }, step.seconds.toFixed(1)) +
        element('td', { class: 'bars' }, bar),
    );
  });
  const turn =
    node.startedAt === null || node.endedAt === null
      ? 'no step'
      : formatDuration((Date.parse(node.endedAt) - Date.parse(node.startedAt)) / 1000);
  const caption = element(
    'caption',
    {},
    `${element('b', {}, escapeMarkup(node.name))} ${element('span', { class: 'quiet' }, `${node.role} · ${turn}`)}`,
  );
  const head =
    '<thead><tr><th scope="col">at</th><th scope="col">step</th><th scope="col">seconds</th><th aria-hidden="true"></th></tr></thead>';
  return element('table', {}, caption + head + element('tbody', {}, rows.join('')));
}
