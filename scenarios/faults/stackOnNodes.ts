import type { PulumiRun } from '../pulumi/pulumiProject';
import { markedEnded, isProvider } from '../markedProcesses';
import { markOf } from '../places';
import { nodeVariable, webReference } from '../../demo/webImage';
import { shapes } from '../clusterShape';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';

const api = 'numbers_api';
const web = 'numbers_web';

interface Release {
  readonly version: string;
  readonly replicas?: number;
  readonly onFailure?: 'keep' | 'rollback';
  readonly failureAction?: 'pause' | 'rollback';
}

/** Two services as people write them; this kernel has no IP_VS, so they find each other by name. */
function compose({ version, replicas = 3, failureAction = 'rollback' }: Release): string {
  return `
services:
  api:
    image: numbers-api:${version}
    environment: ["${nodeVariable}={{.Node.Hostname}}", "RELEASE=${version}"]
    networks: [back]
    secrets: [key]
    stop_grace_period: 2s
    deploy:
      replicas: ${String(replicas)}
      endpoint_mode: dnsrr
      restart_policy: { delay: 1s }
      update_config: { failure_action: ${failureAction}, monitor: 3s, parallelism: 1, order: start-first }
      rollback_config: { monitor: 1s, parallelism: 0 }
  web:
    image: ${webReference}
    environment: ["${nodeVariable}={{.Node.Hostname}}"]
    networks: [back]
    ports: [{ target: 8080, published: 8090, mode: host }]
    stop_grace_period: 2s
    deploy: { mode: global, endpoint_mode: dnsrr }
networks: { back: {} }
secrets: { key: {} }
`;
}

function declare(stage: Stage, release: Release, sentence: string): void {
  const { onFailure = 'keep' } = release;
  stage.declare(
    'stacks',
    [{ name: 'numbers', compose: [compose(release)], secrets: { key: 'hush-key' }, onFailure }],
    sentence,
  );
}

export const stackOnNodes: Scenario = {
  name: 'stack',
  number: 28,
  title:
    'a stack of compose files is deployed, updated, given bad versions, changed by hand, and its CLI is killed in the middle of an update',
  holds:
    'a good version converges; a bad one ends with its tasks’ own error and with what ran before; every next `up` goes on from there',
  shape: shapes.stack,
  run: async (stage) => {
    await makeImages(stage, stage.nodeNames);
    declare(stage, { version: 'v4' }, 'declared a stack of two services, v4');
    const made = await stage.runToTheEnd('up');
    stage.check(
      made.statuses.some((line) => /numbers_api \d\/3/.test(line)),
      'the live status counts tasks, numbers_api 1/3',
    );
    await converged(stage, 'v4', 3);
    await stage.checkNothingPending();

    declare(stage, { version: 'v5' }, 'declared v5');
    await stage.runToTheEnd('up');
    await converged(stage, 'v5', 3);

    declare(stage, { version: 'v5-bad' }, 'declared v5-bad, which ends as soon as it starts');
    await fails(stage, /its update is taken back \(rollback_completed\).*non-zero exit \(3\)/s);
    await converged(stage, 'v5', 3);
    stage.check(
      Object.keys(await stage.pendingChanges()).length > 0,
      'the next plan shows what is still to be done',
    );

    declare(
      stage,
      { version: 'v5-bad', replicas: 2, failureAction: 'pause', onFailure: 'rollback' },
      'declared v5-bad that pauses, fewer replicas, and onFailure: rollback',
    );
    await fails(stage, /is paused.*the whole stack runs again as it was before/s);
    await converged(stage, 'v5', 3);

    declare(stage, { version: 'v5-bad', failureAction: 'pause' }, 'declared the same without it');
    await fails(stage, /its update is paused.*non-zero exit \(3\)/s);
    declare(stage, { version: 'v6', failureAction: 'pause' }, 'declared v6');
    await stage.runToTheEnd('up');
    await converged(stage, 'v6', 3);

    declare(stage, { version: 'v6', replicas: 5 }, 'declared five replicas');
    const before = await running(stage, api);
    await stage.runToTheEnd('up');
    await converged(stage, 'v6', 5);
    const after = await running(stage, api);
    stage.check(
      before.every(({ id }) => after.some((task) => task.id === id)),
      'the three tasks that ran were left alone',
    );

    await docker(stage, ['service', 'scale', '--detach', `${api}=2`]);
    stage.did('scaled it to 2 by hand');
    const refreshed = await stage.runToTheEnd('refresh', '--diff');
    stage.check(/replicas\s*: 5 => 2/.test(refreshed.output), 'refresh sees it: replicas 5 => 2');
    await stage.runToTheEnd('up');
    await converged(stage, 'v6', 5);

    await newNode(stage);
    await killed(stage);

    stage.declare('stacks', [], 'took the stack out of the declaration');
    await stage.runToTheEnd('up');
    const left = await Promise.all([
      docker(stage, ['service', 'ls', '--format', '{{.Name}}']),
      docker(stage, ['network', 'ls', '--format', '{{.Name}}']),
      docker(stage, ['secret', 'ls', '--format', '{{.Name}}']),
    ]);
    stage.checkEqual(
      left
        .join('\n')
        .split('\n')
        .filter((name) => name.startsWith('numbers')),
      [],
      'nothing of it is left in the swarm',
    );
    await stage.checkNothingPending();
  },
};

/** A worker that was never there: what a global service runs on it has its image, and its port. */
async function newNode(stage: Stage): Promise<void> {
  const workers = stage.declared('workers') as readonly { readonly address: string }[];
  const address = (workers[0]?.address ?? '').replace(/\d+$/, '29');
  stage.declare('workers', [...workers, { name: 'w9', address }], 'declared one more worker, w9');
  await stage.runToTheEnd('up');
  await makeImages(stage, ['w9']);
  await stage.until(
    `${web} answers on w9 itself`,
    async () => {
      const { code, stdout } = await (
        await stage.host('w9')
      ).run(['curl', '--silent', '--max-time', '2', 'http://127.0.0.1:8090/'], {
        timeoutSeconds: 20,
      });
      return stdout.trim() === 'w9' || `curl: ${String(code)} ${stdout}`;
    },
    60,
  );
  await stage.checkNothingPending();
}

/** The CLI dies while the stack is updated; the provider comes to its next safe point, and the next run goes on. */
async function killed(stage: Stage): Promise<void> {
  declare(stage, { version: 'v4', replicas: 5 }, 'declared v4 again');
  const running = stage.start('up');
  await stage.untilStep(running, `update service ${api}`, 'end');
  running.process.kill('SIGKILL');
  stage.did('killed the CLI with kill -9');
  await running.done;
  await markedEnded(markOf({ name: stage.cluster.lab }), 60, isProvider);
  await stage.pulumi.runOrFail('cancel');
  await stage.runToTheEnd('up');
  await converged(stage, 'v4', 5);
  await stage.checkNothingPending();
}

async function fails(stage: Stage, why: RegExp): Promise<PulumiRun> {
  const run = await stage.run('up');
  stage.check(run.exitCode !== 0, 'up fails', run.output);
  stage.check(why.test(run.output), `it says why: ${sentenceOf(run)}`, run.output);
  stage.check(!run.output.includes('hush-'), 'no secret is in what it says');
  return run;
}

function sentenceOf({ output }: PulumiRun): string {
  const [line = ''] = /the update failed: .*/.exec(output) ?? [];
  return line.slice(0, 400);
}

async function running(
  stage: Stage,
  service: string,
): Promise<readonly { readonly id: string; readonly image: string }[]> {
  const { docker: engine } = await stage.host(await stage.leader());
  const found = (await engine.services()).find(({ name }) => name === service);
  const tasks = await engine.tasks({ serviceId: found?.id ?? '' });
  return tasks
    .filter(({ state, desiredState }) => state === 'running' && desiredState === 'running')
    .map(({ id, image = '' }) => ({ id, image }));
}

/** As the swarm itself says, right when `up` has ended. */
async function converged(stage: Stage, version: string, replicas: number): Promise<void> {
  const tasks = await running(stage, api);
  stage.checkEqual(
    tasks.map(({ image }) => image),
    Array.from({ length: replicas }, () => `numbers-api:${version}`),
    `${String(replicas)} tasks of ${version} run`,
  );
}

/** Versions that are images of their own, on these nodes: the web image under other names, and one that fails. */
async function makeImages(stage: Stage, names: readonly string[]): Promise<void> {
  const made = names.map(async (name) => {
    for (const version of ['v4', 'v5', 'v6']) {
      await onNode(stage, name, ['docker', 'tag', webReference, `numbers-api:${version}`]);
    }
    const bad = 'CMD ["/usr/bin/perl", "-e", "exit 3"]';
    const container = await onNode(stage, name, ['docker', 'create', webReference]);
    const id = container.trim();
    await onNode(stage, name, ['docker', 'commit', '--change', bad, id, 'numbers-api:v5-bad']);
    await onNode(stage, name, ['docker', 'rm', id]);
  });
  await Promise.all(made);
  stage.did(`put the images v4, v5, v6 and v5-bad on ${names.join(', ')}`);
}

async function docker(stage: Stage, words: readonly string[]): Promise<string> {
  return onNode(stage, await stage.leader(), ['docker', ...words]);
}

async function onNode(stage: Stage, name: string, argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await (await stage.host(name)).run(argv, { timeoutSeconds: 60 });
  if (code === 0) return stdout;
  throw new Error(`${name}: ${argv.join(' ')}: ${stderr}`);
}
