import { parseArgs } from 'node:util';
import { errorMessage } from '../core/errors';
import { interruption, parseLab, parseTimes } from './commandLine';
import { defaultLab } from './places';
import { findScenarios, scenarios } from './registry';
import { reportFiles } from './report/reportFiles';
import type { ScenarioRow } from './report/scenarioRow';
import { runScenarios } from './runScenarios';

const usage = `Usage: npm run scenario -- NAME… | --all | --list

Faults on real machines of this computer: each scenario restores a golden cluster, breaks something in the
middle of a change, and checks what must hold. It prints what was done, what was seen and the verdict; the
table in docs/reliability.md and out/scenarios/report.json are written anew from it.

  NAME…               run these
  --all               run all
  --times N           run each N times, from its golden cluster each time (1 to 99); every one must hold
  --list              names, with what each does
  --lab NAME=SUBNET   use another lab than ${defaultLab.name}=${defaultLab.subnet}, e.g. mine=10.96.7.0/24
  --reuse-golden      take a golden cluster that earlier code made, if there is one
  --help              this

Exit code 0 when every verdict is "held", 1 when one is not, 2 when nothing was chosen, 130 after Ctrl-C.
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      all: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      times: { type: 'string', default: '1' },
      lab: { type: 'string' },
      'reuse-golden': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return print(usage, 0);
  if (values.list) return print(renderList(), 0);
  const chosen = values.all ? scenarios : findScenarios(positionals);
  if (chosen.length === 0) return print(usage, 2);

  const signal = interruption();
  const rows = await runScenarios(chosen, reportFiles(), {
    lab: parseLab(values.lab),
    times: parseTimes(values.times),
    mayGoldenBeOlder: values['reuse-golden'],
    signal,
    say: (line) => {
      console.log(line);
    },
  });
  console.log(`\n${renderSummary(rows)}`);
  if (signal.aborted) return 130;
  return rows.every(({ verdict }) => verdict === 'held') ? 0 : 1;
}

function renderList(): string {
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  return scenarios
    .map(
      ({ name, number, title, holds, isTelling }) =>
        `${String(number).padStart(3)}  ${name.padEnd(width)}  ${title}${isTelling === true ? ' (in npm test)' : ''}\n${' '.repeat(width + 7)}${holds}\n`,
    )
    .join('');
}

function renderSummary(rows: readonly ScenarioRow[]): string {
  const lines = rows.map(
    ({ name, verdict, seconds }) =>
      `${verdict.padEnd(9)}  ${seconds.toFixed(1).padStart(7)} s  ${name}`,
  );
  const held = rows.filter(({ verdict }) => verdict === 'held').length;
  return [...lines, `${String(held)} of ${String(rows.length)} held`].join('\n');
}

function print(text: string, code: number): number {
  process.stdout.write(text);
  return code;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(`scenario: ${errorMessage(error)}`);
    process.exitCode = 1;
  },
);
