// npm run demo | demo:down | lab | scenario | failover | bench, npm test: sets up what is missing, then runs the thing itself.
import { isRoot, runInOurPlace } from './setup/command.mjs';
import { setUp } from './setup/index.mjs';
import { say, SetupError } from './setup/progress.mjs';
import { runTests } from './testRun.mjs';

const demoNeeds = ['pulumi', 'lab', 'images'];

const commands = {
  demo: (args) => start('dist/demo/main.js', args, demoNeeds),
  'demo:down': (args) => start('dist/demo/down.js', args, ['pulumi']),
  scenario: (args) => start('dist/scenarios/cli.js', args, isLookOnly(args) ? [] : demoNeeds),
  failover: (args) =>
    start('dist/scenarios/failover/cli.js', args, isHelpOnly(args) ? [] : demoNeeds),
  bench: (args) => start('dist/bench/cli.js', args, benchNeeds(args)),
  lab: (args) => start('dist/lab/cli.js', args, []),
  test: (args) => runTests(args),
};

function benchNeeds(args) {
  if (isHelpOnly(args)) return [];
  return args.some((arg) => ['preview', 'scale'].includes(arg)) ? ['pulumi'] : demoNeeds;
}

/** Nothing is run: no machine, no Pulumi, and no root are needed. */
function isLookOnly(args) {
  return args.length === 0 || args.includes('--list') || isHelpOnly(args);
}

function isHelpOnly(args) {
  return args.some((arg) => ['--help', '-h'].includes(arg));
}

async function start(script, args, needs) {
  if (needs.includes('lab') && !isRoot()) {
    throw new SetupError(
      'machines: we are not root, and machines on this computer need it; run the command as root, or see docs/guide.md for a cluster of your own hosts',
    );
  }
  const env = await setUp(needs);
  return runInOurPlace([process.execPath, script, ...args], env);
}

const [name, ...args] = process.argv.slice(2);
const command = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined;
if (command === undefined) {
  say(`usage: node scripts/run.mjs <${Object.keys(commands).join(' | ')}> [arguments]`);
  process.exitCode = 2;
} else {
  try {
    process.exitCode = await command(args);
  } catch (error) {
    say(error instanceof SetupError ? error.message : String(error.stack));
    process.exitCode = 1;
  }
}
