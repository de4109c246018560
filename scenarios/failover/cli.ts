import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { errorMessage } from '../../core/errors';
import { repository } from '../../demo/project';
import { interruption, parseLab, parseTimes } from '../commandLine';
import { markChildren } from '../markedProcesses';
import { defaultLab, markOf } from '../places';
import { exclusively } from '../runScenarios';
import { renderFailoverPage } from './failoverPage';
import { measureFailover } from './measureFailover';

const usage = `Usage: npm run failover [-- --times N]

How long clients wait when the holder of the virtual IP fails without notice: its machine powered off, its link
cut, its engine killed, its keepalived killed; with this package, and with keepalived's own defaults beside it.
Three managers and a worker are made on this computer and taken away again. Writes docs/failover.md.

  --times N           trials of each cause with each of both (1 to 99, default 5)
  --lab NAME=SUBNET   use another lab than ${defaultLab.name}=${defaultLab.subnet}, e.g. mine=10.96.7.0/24
  --reuse-golden      take a golden cluster that earlier code made, if there is one
  --help              this

Exit code 0 when it was measured, 1 when it could not be, 130 after Ctrl-C.
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      times: { type: 'string', default: '5' },
      lab: { type: 'string' },
      'reuse-golden': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const lab = parseLab(values.lab);
  const times = parseTimes(values.times);
  const signal = interruption();
  markChildren(markOf(lab));
  try {
    const result = await exclusively(lab.name, () =>
      measureFailover({
        lab,
        times,
        mayGoldenBeOlder: values['reuse-golden'],
        signal,
        say: (line) => {
          console.log(line);
        },
      }),
    );
    const page = join(repository, 'docs', 'failover.md');
    await writeFile(`${page}.new`, renderFailoverPage(result));
    await rename(`${page}.new`, page);
    console.log(`\nwritten: ${page}`);
    return 0;
  } catch (error) {
    if (signal.aborted) return 130;
    throw error;
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(`failover: ${errorMessage(error)}`);
    process.exitCode = 1;
  },
);
