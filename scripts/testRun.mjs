import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRoot, root, runInOurPlace } from './setup/command.mjs';
import { setUp } from './setup/index.mjs';
import { say, SetupError } from './setup/progress.mjs';

/**
 * Layers in the order in which a fault is cheapest to find. `isAlone`: its files share the machine
 * or the clock and run one at a time; `atOnce`: so many, whatever the number of cores (a run of Pulumi
 * waits half of its time). `needsRoot`: which of its files need root. `rootNeeds`: what is set up for
 * root besides. `beside`: which of its files only wait for engines of their own: they run beside all
 * others, until a layer that is `quiet` because it measures how long machines answer nobody.
 */
const layers = [
  { name: 'lint' },
  { name: 'core' },
  { name: 'provider' },
  { name: 'components' },
  {
    name: 'contract',
    isAlone: true,
    rootNeeds: ['logins'],
    needsRoot: (file) => file.startsWith('real'),
    beside: (file) => file === 'real.test.js',
  },
  { name: 'preview', atOnce: 2, needs: ['pulumi'] },
  { name: 'lab', isAlone: true, isQuiet: true, needs: ['pulumi'], needsRoot: () => true },
];
const names = layers.map(({ name }) => name);

const usage = `usage: npm test [-- layer …]

Runs the layers ${names.join(', ')} in this order, or only those named.
Not root: what needs real machines is skipped by name; with CI=true it is a failure instead.`;

/** Exit code: 0 when everything that ran passed. All layers run, also after a failure. */
export async function runTests(args) {
  if (args.includes('--help')) {
    say(usage);
    return 0;
  }
  const unknown = args.filter((arg) => !names.includes(arg));
  if (unknown.length > 0) {
    throw new SetupError(`test: there is no layer ${unknown.join(', ')}\n${usage}`);
  }
  const chosen = layers.filter(({ name }) => args.length === 0 || args.includes(name));
  const hasMachines = chosen.some(({ needsRoot }) => needsRoot !== undefined) && isRoot();
  const env = await setUp([
    ...new Set(chosen.flatMap(({ needs }) => needs ?? [])),
    ...(isRoot() ? chosen.flatMap(({ rootNeeds }) => rootNeeds ?? []) : []),
    ...(hasMachines ? ['lab', 'images'] : []),
  ]);

  const totals = { passed: 0, failed: 0, skipped: 0 };
  const lines = [];
  const count = (name, seconds, result) => {
    for (const key of Object.keys(totals)) {
      totals[key] += result[key];
    }
    lines.push(
      `${name.padEnd(17)}${seconds.toFixed(1).padStart(7)} s  ${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`,
    );
  };
  let beside = [];
  const awaitBeside = async () => {
    for (const { title, run } of beside) {
      const { seconds, result, output } = await run;
      console.log(`\n── ${title}, beside the others ──\n${output}`);
      count(title, seconds, result);
    }
    beside = [];
  };
  for (const layer of chosen) {
    if (layer.isQuiet === true) await awaitBeside();
    const began = performance.now();
    console.log(`\n── ${layer.name} ──`);
    const { files, result } = layer.name === 'lint' ? await lint(env) : filesOf(layer);
    const apart = files.filter((file) => layer.beside?.(file) === true);
    for (const file of apart) {
      const title = `${layer.name}/${file.replace(/\.test\.js$/, '')}`;
      console.log(`${title} runs beside what follows; its report comes when it has ended`);
      beside.push({ title, run: runBeside(layer, [file], env) });
    }
    const others = files.filter((file) => !apart.includes(file));
    const all =
      others.length === 0 ? result : addTotals(result, await runFiles(layer, others, env));
    count(layer.name, secondsSince(began), all);
  }
  await awaitBeside();
  console.log(`\n${lines.join('\n')}\n`);
  console.log(`${totals.passed} passed, ${totals.failed} failed`);
  return totals.failed === 0 ? 0 : 1;
}

function secondsSince(began) {
  return (performance.now() - began) / 1000;
}

async function lint(env) {
  const result = { passed: 0, failed: 0, skipped: 0 };
  for (const argv of [
    ['node_modules/eslint/bin/eslint.js', '.'],
    ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'],
  ]) {
    const code = await runInOurPlace([process.execPath, ...argv], env);
    result[code === 0 ? 'passed' : 'failed'] += 1;
  }
  return { files: [], result };
}

/** Which files of a layer run here, and what the others count as. */
function filesOf(layer) {
  const all = testFiles(layer.name);
  const files = all.filter((file) => isRoot() || layer.needsRoot?.(file) !== true);
  const left = all.filter((file) => !files.includes(file));
  const isCi = process.env.CI === 'true';
  for (const file of left) {
    console.log(`skipped: ${layer.name}/${file}: it needs real machines, and we are not root`);
  }
  if (all.length === 0) {
    console.log(`failed: ${layer.name}: there is no test in dist/test/${layer.name}`);
    return { files, result: { passed: 0, failed: 1, skipped: 0 } };
  }
  return {
    files,
    result: { passed: 0, failed: isCi ? left.length : 0, skipped: isCi ? 0 : left.length },
  };
}

function addTotals(one, other) {
  return {
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    skipped: one.skipped + other.skipped,
  };
}

function testFiles(layer) {
  try {
    return readdirSync(join(root, 'dist', 'test', layer), { recursive: true })
      .filter((file) => file.endsWith('.test.js'))
      .sort();
  } catch {
    return [];
  }
}

/** Its report is kept until it has ended: two that write at once are read by nobody. */
async function runBeside(layer, files, env) {
  const scratch = mkdtempSync(join(tmpdir(), 'swarm-test-'));
  const path = join(scratch, 'report');
  const report = openSync(path, 'w');
  const began = performance.now();
  try {
    const result = await runFiles(layer, files, env, report);
    return { seconds: secondsSince(began), result, output: readFileSync(path, 'utf8') };
  } catch (error) {
    const result = { passed: 0, failed: 1, skipped: 0 };
    return { seconds: secondsSince(began), result, output: String(error) };
  } finally {
    closeSync(report);
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The spec report for people; the same run as TAP in a file, for its totals. */
async function runFiles(layer, files, env, output = 'inherit') {
  const scratch = mkdtempSync(join(tmpdir(), 'swarm-test-'));
  try {
    const tap = join(scratch, 'tap');
    const code = await runInOurPlace(
      [
        process.execPath,
        '--enable-source-maps',
        '--test',
        ...(layer.isAlone === true ? ['--test-concurrency=1'] : []),
        ...(layer.atOnce === undefined ? [] : [`--test-concurrency=${layer.atOnce}`]),
        '--test-reporter=spec',
        '--test-reporter-destination=stdout',
        '--test-reporter=tap',
        `--test-reporter-destination=${tap}`,
        ...files.map((file) => join('dist', 'test', layer.name, file)),
      ],
      env,
      output,
    );
    return parseTotals(readFileSync(tap, 'utf8'), code);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A runner that broke without saying so counts as a failure, and so does one that ran nothing. */
function parseTotals(tap, code) {
  const read = (what) => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(tap)?.[1] ?? 0);
  const passed = read('pass');
  const skipped = read('skipped') + read('todo');
  const failed = read('fail') + read('cancelled');
  const isBroken = failed === 0 && (code !== 0 || passed + skipped === 0);
  return { passed, failed: isBroken ? 1 : failed, skipped };
}
