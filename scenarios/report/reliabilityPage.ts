import { parseRows, type ScenarioRow } from './scenarioRow';

const dataStart = '<!-- What the table is made of; the next run reads it.';
const dataEnd = '-->';

const head = `# Reliability

What happens when things break in the middle, tried on real machines. This page is written by the runs
themselves, from what they saw; it is not edited by hand, and a run replaces only the rows of what it ran.

    npm run scenario -- --list      what there is
    npm run scenario -- NAME…       run some of them
    npm run scenario -- --all       run all of them
    npm test -- lab                 runs the telling ones, among other tests on machines

A scenario begins with a golden cluster: made once by \`pulumi up\` on \`debian:12\`, saved with machines and state
under \`/var/cache/swarm-lab/golden\`, and restored in seconds. Everything is in a lab of its own on this computer
([lab.md](lab.md)), which is taken away afterwards, also after a failure or Ctrl-C. \`out/scenarios/report.json\` has
the same rows for programs.

| # | scenario | the fault | what must hold | verdict | seconds | last run | with |
| --- | --- | --- | --- | --- | --- | --- | --- |`;

const howTo = `## How to add one

1. A file in \`scenarios/faults/\` that exports a \`Scenario\` (\`scenarios/scenario.ts\`): name, number, title, what must
   hold as one sentence, the shape of its cluster (\`scenarios/clusterShape.ts\`), and \`run(stage)\`.
2. In \`run\` use the stage (\`scenarios/stage.ts\`): \`powerOff\`, \`cutLink\`, \`setConfig\`, \`run('up')\`, \`start\` with \`untilStep\`
   for a fault in the middle of a step; \`did\` and \`saw\` for what it does not tell by itself; \`check\` for what must hold.
   Wait with \`until\` for a condition, never for a time. Nothing needs to be cleaned up.
3. Name it in \`scenarios/registry.ts\`, and run it: \`npm run scenario -- NAME --reuse-golden\` also takes a golden cluster
   that earlier code made, which saves a minute while you work. \`isTelling: true\` lets \`npm test\` run it.`;

/** docs/reliability.md, from the last run of each scenario. */
export function renderReliabilityPage(rows: readonly ScenarioRow[]): string {
  return [
    [head, ...rows.map(tableRow)].join('\n'),
    ...rows.map(section),
    howTo,
    [dataStart, '', ...rows.map(dataLine), dataEnd].join('\n'),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

/** The rows that a page was made of; none for a page without them. @throws SwarmError `ReportDamaged`. */
export function readReliabilityPage(page: string): readonly ScenarioRow[] {
  const from = page.indexOf(dataStart);
  if (from < 0) return [];
  const lines = page
    .slice(from)
    .split('\n')
    .filter((line) => line.startsWith('{'));
  return parseRows(`[${lines.join(',')}]`, 'docs/reliability.md');
}

function tableRow(row: ScenarioRow): string {
  const cells = [
    String(row.number),
    `[${row.name}](#${row.name})`,
    row.title,
    row.holds,
    `**${row.verdict}**`,
    row.seconds.toFixed(0),
    day(row.date),
    `${row.os}, engine ${row.engine}`,
  ];
  return `| ${cells.map(cell).join(' | ')} |`;
}

function section(row: ScenarioRow): string {
  const list = (what: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : [`${what}:`, lines.map((line) => `- ${inline(line)}`).join('\n')];
  return [
    `### ${row.name}`,
    `${sentence(row.title)} ${sentence(row.holds)}`,
    ...list('Done', row.done),
    ...list('Seen', row.seen),
    ...runsTable(row.runs ?? []),
    `Verdict: **${row.verdict}**${row.reason === undefined ? '' : `, as ${inline(row.reason)}`}, after ${row.seconds.toFixed(0)} s. Run ${row.date} at commit ${row.commit}, kernel ${row.kernel}, by \`${row.command}\`.`,
  ].join('\n\n');
}

/** A line per run: what it told of itself. None for a single run without figures. */
function runsTable(runs: NonNullable<ScenarioRow['runs']>): readonly string[] {
  if (runs.length === 0) return [];
  const names = [...new Set(runs.flatMap(({ figures }) => Object.keys(figures)))];
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [
    'Run by run:',
    [
      line(['run', 'verdict', 'seconds', ...names]),
      line(['---', '---', '---', ...names.map(() => '---')]),
      ...runs.map(({ verdict, seconds, figures }, index) =>
        line([
          String(index + 1),
          verdict,
          seconds.toFixed(0),
          ...names.map((name) => figures[name] ?? ''),
        ]),
      ),
    ].join('\n'),
  ];
}

/** One line that holds no end of a comment. */
function dataLine(row: ScenarioRow): string {
  return JSON.stringify(row).replace(/</g, '\\u003c').replace(/>/g, '\\u003e');
}

function day(date: string): string {
  return date.slice(0, 10);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`.replace(/\.\.$/, '.');
}

function cell(text: string): string {
  return inline(text).replace(/\|/g, '\\|');
}

/** What a machine or a program said goes on one line and is not read as markup. */
function inline(text: string): string {
  return text
    .trim()
    .replace(/\s*\n\s*/g, ' / ')
    .replace(/[<>]/g, (character) => (character === '<' ? '&lt;' : '&gt;'));
}
