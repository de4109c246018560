import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { goldenOs, nextOs, shapes } from '../clusterShape';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';
import { untilSettled } from './untouched';

const log = 'hooks.log';
const refusal = 'refuse';
/** As a load balancer's tool would get it. */
const token = 'tok-4711-scenario';

/** Says which hook it is for, and fails as long as a file is there, with its token in what it prints. */
const script = `#!/bin/sh
echo "$SWARM_HOOK $SWARM_NODE $SWARM_ROLE $SWARM_ACTION $SWARM_ADDRESS" >> ${log}
[ ! -e ${refusal} ] || { echo "pool refuses $TOKEN"; exit 7; }
`;

export const hooks: Scenario = {
  name: 'hooks',
  number: 29,
  title: 'hooks around nodes, one of which fails; and a pause behind the canary',
  holds:
    'a hook that fails stops the roll before anything is touched; mended, each node has its two; the roll pauses behind its first node, and the next up goes on',
  shape: shapes.threeManagers,
  run: async (stage) => {
    const file = (name: string): string => stage.pulumi.path(name);
    writeFileSync(file('hook.sh'), script, { mode: 0o700 });
    writeFileSync(file(refusal), '');
    const hook = { command: ['./hook.sh'], env: { TOKEN: token } };
    stage.declare('hooks', { before: hook, after: hook }, 'declared two hooks, which fail for now');
    stage.declare('pauseAfter', 'canary', 'declared a pause behind the canary');
    const leader = await stage.leader();
    const first = stage.cluster.managers.find((name) => name !== leader) ?? '';
    const [worker = ''] = stage.cluster.workers;
    await untilSettled(stage);
    const before = await untouched(stage);
    stage.changeOs(nextOs, first, worker);

    const preview = await stage.run('preview');
    stage.check(
      preview.output.includes('hooks on this computer: before ./hook.sh, after ./hook.sh') &&
        preview.output.includes(`pause behind ${first}`) &&
        !existsSync(file(log)),
      'preview names the hooks and the pause, and runs none',
      preview.output,
    );
    const failed = await stage.run('up');
    stage.check(
      failed.exitCode !== 0 &&
        failed.output.includes(`${first}: hook before (./hook.sh) ended with 7`) &&
        failed.output.includes('pool refuses [secret]'),
      'up fails with what the hook has said, without its token',
      failed.output,
    );
    stage.check(!failed.output.includes(token), 'the token is nowhere in the output');
    stage.checkEqual(await untouched(stage), before, 'nothing of any node was touched');

    rmSync(file(refusal));
    rmSync(file(log));
    stage.did('let the hooks succeed');
    const paused = await stage.run('up');
    stage.check(
      paused.exitCode !== 0 &&
        paused.output.includes(`${first} has gone first and is back, and the roll pauses`),
      `up ends with the pause behind ${first}`,
      paused.output,
    );
    stage.checkEqual(
      told(stage, first),
      ['before manager replace', 'after manager replace'],
      `${first} had its two hooks`,
    );
    stage.checkEqual(
      await systems(stage, [first, worker]),
      [nextOs, goldenOs],
      `${first} is rebuilt, and ${worker} is not`,
    );
    await stage.untilServed();

    await stage.runToTheEnd('up');
    stage.checkEqual(
      told(stage, worker),
      ['before worker replace', 'after worker replace'],
      `${worker} had its two hooks, too`,
    );
    stage.checkEqual(readLog(stage).length, 4, 'no hook ran more than once');
    await stage.untilAsDeclared();
    await stage.untilServed();
    await stage.checkNothingPending();
  },
};

/** Without the holder of the virtual IP, which a paused host loses by itself. */
async function untouched(stage: Stage): Promise<unknown> {
  const nodes = (await stage.nodes()).map(({ hostname, id, availability }) => [
    ...[hostname, id, availability],
  ]);
  return { nodes: nodes.sort(), boots: await stage.bootIds() };
}

function readLog(stage: Stage): readonly string[] {
  return readFileSync(stage.pulumi.path(log), 'utf8').trim().split('\n');
}

/** What the hooks of one node were told, in order. */
function told(stage: Stage, node: string): readonly string[] {
  return readLog(stage)
    .map((line) => line.split(' '))
    .filter(([, name]) => name === node)
    .map(([moment, , role, action]) => `${moment ?? ''} ${role ?? ''} ${action ?? ''}`);
}

async function systems(stage: Stage, names: readonly string[]): Promise<readonly string[]> {
  return Promise.all(names.map(async (name) => (await (await stage.host(name)).facts()).os));
}
