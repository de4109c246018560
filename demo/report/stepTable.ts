import { clientSentence } from './clientSentence';
import type { Report } from './report';

const secondsWidth = 9;

/** The steps with their times and the run's figures, for a terminal. */
export function renderStepTable(report: Report): string {
  const sentences = report.nodes.flatMap(({ steps }) => steps.map(({ sentence }) => sentence));
  const nodeWidth = Math.max(...report.nodes.map(({ name }) => name.length), 4);
  const stepWidth = Math.max(...sentences.map((sentence) => sentence.length), 20);
  const row = (node: string, step: string, seconds: string): string =>
    `${node.padEnd(nodeWidth)}  ${step.padEnd(stepWidth)}  ${seconds.padStart(secondsWidth)}`;
  const rule = '─'.repeat(nodeWidth + stepWidth + secondsWidth + 4);
  return [
    row('node', 'step', 'seconds'),
    ...report.nodes.flatMap(({ name, role, steps, startedAt, endedAt }) => [
      rule,
      ...steps.map(({ sentence, seconds }, index) =>
        row(index === 0 ? name : '', sentence, seconds.toFixed(1)),
      ),
      startedAt === null || endedAt === null
        ? row(name, `(${role}, no step)`, '')
        : row(
            '',
            `${role}, whole turn`,
            ((Date.parse(endedAt) - Date.parse(startedAt)) / 1000).toFixed(1),
          ),
    ]),
    rule,
    ...figures(report).map(([label, value]) => `${label.padEnd(10)} ${value}`),
    '',
  ].join('\n');
}

function figures(report: Report): readonly (readonly [string, string])[] {
  const { client, quorumUnanswered } = report;
  const lowest = Math.min(...report.quorum.map(({ reachable }) => reachable));
  return [
    ['os', `${report.os.from} → ${report.os.to}`],
    ['engine', `${report.engine.from} → ${report.engine.to}`],
    [
      'managers',
      `${report.quorum.length === 0 ? 'never answered' : `at least ${String(lowest)} reachable`} in ${String(report.quorum.length)} samples; ${String(quorumUnanswered.samples)} unanswered, at most ${String(quorumUnanswered.longestRun)} in a row`,
    ],
    ['client', clientSentence(client)],
    ['total', `${report.totalSeconds.toFixed(1)} s`],
    ['result', report.result],
    ...report.problems.map((problem) => ['problem', problem] as const),
  ];
}
