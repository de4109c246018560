import { isDeepStrictEqual } from 'node:util';
import { rebalancingLabel } from '../../core/held';
import { visitsSentence, watchVisits } from '../../demo/visits';
import { buildVisitsImage, nodeVariable, visitsPort, webReference } from '../../demo/webImage';
import { nextOs, shapes } from '../clusterShape';
import { isProvider, markedEnded, markedProcesses } from '../markedProcesses';
import { imageDirectory, markOf } from '../places';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';
import { until } from '../until';
import { countRequests } from './countRequests';
import { runningTasks, watchReplicas } from './replicaWatch';

const store = 'visits_store';
const replicas = 6;

/** The application in stacks/visits, whose store has six tasks with a health check, wherever the swarm puts them. */
const compose = `
services:
  web:
    image: ${webReference}
    environment: ["${nodeVariable}={{.Node.Hostname}}"]
    ports: [{ target: 8080, published: 8080, mode: host }]
    stop_grace_period: 5s
    deploy: { mode: global, endpoint_mode: dnsrr }
  api:
    image: swarm-demo-visits:1
    command: [/usr/bin/perl, /visits.pl, api, store]
    ports: [{ target: ${String(visitsPort)}, published: ${String(visitsPort)}, mode: host }]
    networks: [back]
    stop_grace_period: 5s
    deploy: { mode: global, endpoint_mode: dnsrr }
  store:
    image: swarm-demo-visits:1
    command: [/usr/bin/perl, /visits.pl, store]
    networks: [back]
    stop_grace_period: 5s
    healthcheck:
      test:
        - CMD
        - /usr/bin/perl
        - -e
        - socket(my $$s,2,1,6); connect($$s,pack("S n C4 x8",2,8082,127,0,0,1)) or exit 1; syswrite($$s,"0\\n"); sysread($$s,my $$a,9) or exit 1
      interval: 4s
      timeout: 4s
      retries: 5
    deploy:
      replicas: ${String(replicas)}
      endpoint_mode: dnsrr
      update_config: { parallelism: 2, delay: 1s, monitor: 2s }
networks: { back: {} }
`;

export const rebalance: Scenario = {
  name: 'rebalance',
  number: 28,
  title:
    'every node is replaced under a service of six tasks with a health check, with `rebalance`; later the provider is killed in the middle of a move',
  holds:
    'the node rebuilt last is not left empty, the numbers differ by one at most, what was not moved keeps running, the service is as it was, and no request fails',
  shape: shapes.stack,
  run: async (stage) => {
    await deploy(stage);
    stage.declare('drain', 'startFirst', 'declared drain: startFirst');
    stage.declare('rebalance', true, 'declared rebalance: true');
    stage.declare('os', nextOs, `declared ${nextOs} for every node`);
    const preview = await stage.pulumi.run('preview');
    stage.check(
      /visits_store: 6 tasks on 5 nodes, the last rebuilt one \(w2\) is empty/.test(preview.output),
      'preview says which service will be looked at, and why',
      preview.output,
    );
    const spec = await specOf(stage);
    let moves: readonly string[] = [];
    await ridden(stage, 'while every node was replaced', async () => {
      const mark = stage.mark();
      await stage.runToTheEnd('up');
      moves = movesOf(stage.stepsSince(mark));
      await stage.untilAsDeclared();
    });
    stage.saw(`moves at its end: ${moves.join('; ')}`);
    await isEven(stage);
    stage.check((await spread(stage))['w2'] !== 0, 'w2, rebuilt last, is not empty');
    await isAsBefore(stage, spec);
    await nothingToDo(stage);
    await oneMove(stage, spec);
    await killed(stage, spec);
  },
};

async function deploy(stage: Stage): Promise<void> {
  const visits = await buildVisitsImage(imageDirectory({ name: stage.cluster.lab, subnet: '' }));
  const { images } = stage.declared('engine') as { readonly images: readonly unknown[] };
  stage.declare('engine', { images: [...images, { ...visits }] }, 'declared its image');
  stage.declare('stacks', [{ name: 'visits', compose: [compose] }], 'declared the stack');
  await stage.runToTheEnd('up');
  await stage.untilServed();
}

/** What did not move keeps its tasks. */
async function oneMove(stage: Stage, spec: unknown): Promise<void> {
  await empty(stage, 'w1');
  const before = await taskIds(stage);
  stage.declare('rebalance', [store], 'declared rebalance for the store alone');
  const mark = stage.mark();
  await ridden(stage, 'while tasks were spread anew', async () => {
    await stage.runToTheEnd('up');
  });
  const moves = movesOf(stage.stepsSince(mark)).length;
  const kept = (await taskIds(stage)).filter((id) => before.includes(id)).length;
  stage.check(moves > 0, `${String(moves)} moves were made`);
  stage.checkEqual(kept, replicas - moves, `${String(kept)} tasks keep their IDs`);
  await isEven(stage);
  await isAsBefore(stage, spec);
  await nothingToDo(stage);
}

/** The provider dies while a node is paused for a move; the next run goes on. */
async function killed(stage: Stage, spec: unknown): Promise<void> {
  await empty(stage, 'w2');
  stage.declare('rebalance', true, 'declared rebalance: true again');
  const mark = markOf({ name: stage.cluster.lab });
  await ridden(stage, 'around a kill in the middle of a move', async () => {
    const running = stage.start('up');
    await until(
      async () => {
        const paused = (await stage.nodes()).find(
          ({ availability, labels }) =>
            availability === 'pause' && labels[rebalancingLabel] !== undefined,
        );
        return paused !== undefined || 'no node is paused';
      },
      240,
      50,
    );
    for (const { pid } of markedProcesses(mark).filter(isProvider)) process.kill(pid, 'SIGKILL');
    stage.did('killed the provider with kill -9, a node being paused for a move');
    await running.done;
    await markedEnded(mark, 60, isProvider);
    await stage.runToTheEnd('up');
  });
  await isEven(stage);
  await isAsBefore(stage, spec);
  await nothingToDo(stage);
}

/** By hand: a node is drained, and comes back without tasks. */
async function empty(stage: Stage, name: string): Promise<void> {
  const { docker } = await stage.host(await stage.leader());
  const { id } = await stage.node(name);
  await docker.updateNode(id, { availability: 'drain' });
  await stage.until(
    `${name} is drained`,
    async () => {
      const running = await runningTasks(stage, store);
      const there = running.filter(({ nodeId }) => nodeId === id).length;
      return (
        (there === 0 && running.length === replicas) ||
        `${String(there)} there, ${String(running.length)} run`
      );
    },
    120,
  );
  await docker.updateNode(id, { availability: 'active' });
  await stage.untilServed();
  stage.did(`drained ${name} by hand and made it active again: ${await spreadText(stage)}`);
}

/** Six tasks at every look, and every request answered, of both services. */
async function ridden(stage: Stage, when: string, work: () => Promise<void>): Promise<void> {
  const watch = watchVisits(`http://${stage.cluster.vip}:${String(visitsPort)}/`);
  let sight: Awaited<ReturnType<typeof countRequests>> | undefined;
  const seen = await watchReplicas(stage, store, async () => {
    sight = await countRequests(stage, when, work);
  }).finally(() => watch.stop());
  const visits = await watch.stop();
  stage.saw(`${when}: ${visitsSentence(visits)}`);
  stage.checkEqual(
    [sight?.client.failures, visits.asked - visits.counted],
    [0, 0],
    'no request failed, neither of the web nor of what the six tasks answer',
  );
  stage.check(
    seen.least >= replicas,
    `in ${String(seen.samples)} looks at least ${String(seen.least)} tasks ran`,
  );
}

async function spread(stage: Stage): Promise<Readonly<Record<string, number>>> {
  const [running, nodes] = await Promise.all([runningTasks(stage, store), stage.nodes()]);
  return Object.fromEntries(
    nodes.map(({ id, hostname }) => [
      hostname,
      running.filter(({ nodeId }) => nodeId === id).length,
    ]),
  );
}

async function spreadText(stage: Stage): Promise<string> {
  const counts = Object.entries(await spread(stage)).sort(([a], [b]) => (a < b ? -1 : 1));
  return counts.map(([name, count]) => `${name} ${String(count)}`).join(', ');
}

async function isEven(stage: Stage): Promise<void> {
  const counts = Object.values(await spread(stage));
  stage.check(
    Math.max(...counts) - Math.min(...counts) <= 1,
    `the numbers differ by one at most: ${await spreadText(stage)}`,
  );
}

async function taskIds(stage: Stage): Promise<readonly string[]> {
  return (await runningTasks(stage, store)).map(({ id }) => id);
}

async function specOf(stage: Stage): Promise<unknown> {
  const manager = await stage.host(await stage.leader());
  const { stdout } = await manager.run(
    ['docker', 'service', 'inspect', '--format', '{{json .Spec}}', store],
    { timeoutSeconds: 60 },
  );
  return JSON.parse(stdout);
}

/** The whole spec, and every node with its availability and without our mark. */
async function isAsBefore(stage: Stage, spec: unknown): Promise<void> {
  const now = await specOf(stage);
  stage.check(
    isDeepStrictEqual(now, spec),
    'the spec of the service is the one before',
    `${JSON.stringify(now)}, not ${JSON.stringify(spec)}`,
  );
  const marked = (await stage.nodes()).filter(
    ({ availability, labels }) =>
      availability !== 'active' || labels[rebalancingLabel] !== undefined,
  );
  stage.checkEqual(
    marked.map(({ hostname }) => hostname),
    [],
    'every node is active, and bears no mark',
  );
}

async function nothingToDo(stage: Stage): Promise<void> {
  await stage.checkNothingPending();
  const before = await taskIds(stage);
  await stage.runToTheEnd('up');
  const after = await taskIds(stage);
  stage.checkEqual([...after].sort(), [...before].sort(), 'a second up does nothing');
}

function movesOf(steps: readonly string[]): readonly string[] {
  return steps.filter((sentence) => sentence.startsWith(`move a task of ${store}`));
}
