import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRoot, root, runInOurPlace } from './setup/command.mjs';
import { setUp } from './setup/index.mjs';
import { say, SetupError } from './setup/progress.mjs';

/**
 * Layers in the order in which a fault is cheapest to find. `isAlone`: its files share the machine
 * or the clock and run one at a time; `atOnce`: so many, whatever the number of cores (a run of Pulumi
 * waits half of its time). `needsRoot`: which of its files need root.
 */
const layers = [
  { name: 'lint' },
  { name: 'core' },
  { name: 'provider' },
  { name: 'components' },
  { name: 'contract', isAlone: true, needsRoot: (file) => file.startsWith('real') },
  { name: 'preview', atOnce: 2, needs: ['pulumi'] },
  { name: 'lab', isAlone: true, needs: ['pulumi'], needsRoot: () => true },
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
    ...(hasMachines ? ['lab', 'images'] : []),
  ]);

  const totals = { passed: 0, failed: 0, skipped: 0 };
  const lines = [];
  for (const layer of chosen) {
    const began = performance.now();
    console.log(`\n── ${layer.name} ──`);
    const result = await (layer.name === 'lint' ? lint(env) : runLayer(layer, env));
    for (const key of Object.keys(totals)) {
      totals[key] += result[key];
    }
    const seconds = ((performance.now() - began) / 1000).toFixed(1).padStart(7);
    lines.push(
      `${layer.name.padEnd(11)}${seconds} s  ${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`,
    );
  }
  console.log(`\n${lines.join('\n')}\n`);
  console.log(`${totals.passed} passed, ${totals.failed} failed`);
  return totals.failed === 0 ? 0 : 1;
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
  return result;
}

async function runLayer(layer, env) {
  const all = testFiles(layer.name);
  const files = all.filter((file) => isRoot() || layer.needsRoot?.(file) !== true);
  const left = all.filter((file) => !files.includes(file));
  const isCi = process.env.CI === 'true';
  for (const file of left) {
    console.log(`skipped: ${layer.name}/${file}: it needs real machines, and we are not root`);
  }
  if (all.length === 0) {
    console.log(`failed: ${layer.name}: there is no test in dist/test/${layer.name}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const result = { passed: 0, failed: isCi ? left.length : 0, skipped: isCi ? 0 : left.length };
  if (files.length === 0) {
    return result;
  }
  const counted = await runFiles(layer, files, env);
  return {
    passed: result.passed + counted.passed,
    failed: result.failed + counted.failed,
    skipped: result.skipped + counted.skipped,
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

/** The spec report for people; the same run as TAP in a file, for its totals. */
async function runFiles(layer, files, env) {
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
