import { execFile } from 'node:child_process';
import { parseArgs, promisify } from 'node:util';
import { constants, setPriority } from 'node:os';
import { SwarmError, errorMessage } from '../core/errors';
import { systemClock } from '../effects/clock';
import { probe } from './httpProbe';
import { openLoopbackControl } from './loopbackControl';
import { clientCsvHeader, renderClientRow } from './report/clientRows';
import { startRequestLoop } from './requestLoop';
import { openRowFile } from './rowFile';
import { loopbackSelfTest, noticeableCutsMs } from './selfTest';

/**
 * The client of the demo and the lab tests: a process of its own, outside all machines, that opens a
 * new connection through the virtual IP on a fixed schedule and writes a row for every planned tick.
 *
 * `node client.js --url URL --out FILE [--interval-ms 10] [--timeout-ms 1000] [--stop-with-stdin]`
 * runs until SIGTERM or SIGINT (with `--stop-with-stdin` also until its stdin ends, so that it never
 * outlives a parent that was killed), then waits for the requests under way.
 *
 * `node client.js --self-test` tests the client against a server of its own and exits with 1 when it
 * does not notice that it is cut off for 300 ms, or for 100 ms.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      out: { type: 'string' },
      'interval-ms': { type: 'string', default: '10' },
      'timeout-ms': { type: 'string', default: '1000' },
      'stop-with-stdin': { type: 'boolean', default: false },
      'self-test': { type: 'boolean', default: false },
    },
  });
  await favourThisProcess();
  if (values['self-test']) {
    await runSelfTest();
    return;
  }
  const { url, out } = values;
  if (url === undefined || !URL.canParse(url) || new URL(url).protocol !== 'http:') {
    throw usage(`--url is ${url ?? 'missing'}`, 'an address like http://10.88.0.100:8080/');
  }
  if (out === undefined) throw usage('--out is missing', 'the path of the raw file');
  const intervalMs = milliseconds('--interval-ms', values['interval-ms']);
  const timeoutMs = milliseconds('--timeout-ms', values['timeout-ms']);

  const control = await openLoopbackControl();
  const file = await openRowFile(out, clientCsvHeader);
  const stopped = stopRequested(values['stop-with-stdin']);
  const loop = startRequestLoop({
    intervalMs,
    clock: systemClock,
    probe: () => probe(url, timeoutMs),
    control: control.ask,
    onRow: (row) => {
      file.write(renderClientRow(row));
    },
  });
  await stopped;
  await loop.stop();
  control.close();
  await file.close();
}

async function runSelfTest(): Promise<void> {
  for (const cutMs of noticeableCutsMs) {
    const result = await loopbackSelfTest(cutMs);
    process.stdout.write(`${JSON.stringify(result)}\n`);
    if (!result.noticed) {
      throw new SwarmError(
        'SelfTestFailed',
        `client: a cut of ${String(cutMs)} ms showed as ${String(result.failures)} failures and a gap of ${String(result.longestGapMs)} ms; its figures would hide outages; run it on a computer with less load`,
        { source: 'world' },
      );
    }
  }
}

function stopRequested(withStdin: boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      // An open stdin would keep this process alive.
      process.stdin.destroy();
      resolve();
    };
    process.on('SIGTERM', stop);
    // Ctrl-C goes to the whole group of processes: the rows under way must still be written.
    process.on('SIGINT', stop);
    if (withStdin) {
      process.stdin.on('end', stop);
      process.stdin.resume();
    }
  });
}

/**
 * Five booting machines share this computer: the one that measures should not be the one that waits.
 * A real-time policy, since Linux weighs nice values only within a session.
 */
async function favourThisProcess(): Promise<void> {
  const realTime = ['--all-tasks', '--rr', '--pid', '1', String(process.pid)];
  await promisify(execFile)('chrt', realTime).catch(() => {
    try {
      setPriority(constants.priority.PRIORITY_HIGH);
    } catch {
      // Only root may; without it stalls show beside the requests, which is honest too.
    }
  });
}

function milliseconds(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 60_000) {
    throw usage(`${option} is ${text}`, 'a whole number from 1 to 60000');
  }
  return value;
}

function usage(fact: string, remedy: string): SwarmError {
  return new SwarmError('ClientUsage', `client: ${fact}; nothing was sent; give ${remedy}`, {
    source: 'user',
  });
}

if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`${errorMessage(error)}\n`);
    process.exitCode = 1;
  });
}
