import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { errorMessage, SwarmError } from '../core/errors';
import { repository } from '../demo/project';
import { interruption, parseLab, parseTimes } from '../scenarios/commandLine';
import { markChildren } from '../scenarios/markedProcesses';
import { markOf } from '../scenarios/places';
import { exclusively } from '../scenarios/runScenarios';
import { measurePreview } from './fake/measurePreview';
import { measureScale } from './fake/measureScale';
import { renderPreviewTable } from './fake/previewTable';
import { renderScaleTable } from './fake/scaleTable';
import { renderBenchPage } from './machines/benchPage';
import { measureMachines } from './machines/measureMachines';
import { renderTimelinePicture } from './machines/timelinePicture';
import { ways } from './machines/ways';

const usage = `Usage: npm run bench [-- [preview | scale] [--times N]]

What a roll costs, what a preview costs, and what many nodes cost.

  (nothing)   three managers and two workers on real machines of this computer go from Debian 12 to 13: by a script
              without checks, by an Ansible playbook, and by this package, in turn; writes docs/benchmarks.md
  preview     pulumi preview of 100 and 500 nodes on a fake swarm, beside the same program on a provider that does
              nothing; prints times and their ratio
  scale       seven managers and 1,000 workers on a fake swarm get another operating system, with as many operations
              at once as a batch has workers (pulumi up --parallel); prints time by batches, memory of the provider and
              what it asks of engines

  --times N           how often each is measured (1 to 99, default 3)
  --only NAME         of the three ways only this one, and the page is printed only: ${ways.map(({ name }) => name).join(', ')}; may be given again
  --nodes N           of the preview only this number of nodes; may be given again
  --workers N         of scale this number of workers instead; may be given again
  --max-unavailable N of scale this size of a batch, a number or a percentage (default 10%)
  --services N        of scale this number of services, with as many replicas in all as there are workers (default 0)
  --lab NAME=SUBNET   use this lab (default bench=10.106.0.0/24)
  --reuse-golden      take a golden cluster that earlier code made, if there is one
  --help              this

Exit code 0 when it was measured, 1 when it could not be, 130 after Ctrl-C.
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      times: { type: 'string', default: '3' },
      only: { type: 'string', multiple: true, default: [] },
      nodes: { type: 'string', multiple: true, default: ['100', '500'] },
      workers: { type: 'string', multiple: true, default: ['250', '1000'] },
      'max-unavailable': { type: 'string', default: '10%' },
      services: { type: 'string', default: '0' },
      lab: { type: 'string', default: 'bench=10.106.0.0/24' },
      'reuse-golden': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const what = positionals.join(' ');
  const times = parseTimes(values.times);
  const signal = interruption();
  const say = (line: string): void => {
    console.log(line);
  };
  try {
    if (what === 'preview') {
      const nodes = values.nodes.map(Number);
      console.log(renderPreviewTable(await measurePreview({ nodes, times, signal, say })));
      return 0;
    }
    if (what === 'scale') {
      const workers = values.workers.map(Number);
      const maxUnavailable = values['max-unavailable'];
      const services = Number(values.services);
      if (!Number.isInteger(services) || services < 0) {
        throw usageError(`--services ${values.services}: is no number of services`);
      }
      const run = { workers, maxUnavailable, services, signal, say };
      console.log(renderScaleTable(await measureScale(run)));
      return 0;
    }
    if (what !== '') throw usageError(`${what}: is no benchmark`);
    const unknown = values.only.find((name) => !ways.some((way) => way.name === name));
    if (unknown !== undefined) throw usageError(`--only ${unknown}: is no way`);
    const lab = parseLab(values.lab);
    markChildren(markOf(lab));
    const result = await exclusively(lab.name, () =>
      measureMachines({
        ...{ lab, times, signal, say, only: values.only },
        command: ['npm run bench --', ...process.argv.slice(2)].join(' ').replace(/ --$/, ''),
        mayGoldenBeOlder: values['reuse-golden'],
      }),
    );
    const page = renderBenchPage(result);
    // A page without one of the ways would take the place of a whole one.
    if (values.only.length === 0) {
      await writeWhole('docs/images/benchmark.svg', renderTimelinePicture(result.ways));
      await writeWhole('docs/benchmarks.md', page);
    }
    console.log(`\n${page}`);
    return 0;
  } catch (error) {
    if (signal.aborted) return 130;
    throw error;
  }
}

async function writeWhole(name: string, text: string): Promise<void> {
  const file = join(repository, name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

function usageError(fact: string): SwarmError {
  return new SwarmError(
    'BenchUsage',
    `${fact}; nothing was measured; \`npm run bench -- --help\` shows what there is`,
    { source: 'user' },
  );
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(`bench: ${errorMessage(error)}`);
    process.exitCode = 1;
  },
);
