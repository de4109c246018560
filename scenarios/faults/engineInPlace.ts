import { heldAvailability } from '../../core/held';
import { shapes } from '../clusterShape';
import {
  declareInPlace,
  newerEngine as after,
  offerNewerEngine,
  olderEngine as before,
} from '../nextEngine';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';
import { countRequests } from '../vip/countRequests';

/** Of the balancer; a node that is drained does not answer on the service’s own. */
const balancedPort = 80;
const dropIn = '/etc/systemd/system/docker.service.d/broken.conf';

export const engineInPlace: Scenario = {
  name: 'engine-in-place',
  number: 27,
  title: `engine ${before} of three managers and two workers is exchanged for ${after} in place, under a client at the virtual IP; on one manager the new one does not start at first`,
  holds:
    'what does not start is put back and serves again; nobody leaves the swarm, managers serve again together, and no request fails',
  shape: shapes.inPlace,
  run: async (stage) => {
    const ids = await nodeIds(stage);
    const boots = await stage.bootIds();
    const leader = await stage.leader();
    const [first = '', second = ''] = stage.cluster.managers.filter((name) => name !== leader);
    await offerNewerEngine(stage);
    await breakEngine(stage, second);
    declareInPlace(stage);
    const work = async (): Promise<void> => {
      const preview = await stage.runToTheEnd('preview');
      stage.check(
        new RegExp(`upgrade manager ${first} in place \\(engine ${before} → ${after}\\)`).test(
          preview.output,
        ),
        'preview tells what happens to each node',
        preview.output,
      );
      const failed = await stage.run('up');
      stage.check(failed.exitCode !== 0, 'up stops', failed.output);
      stage.check(
        new RegExp(`${second}: engine ${after} did not take the place of ${before}`).test(
          failed.output,
        ),
        'it says what did not come up, and was put back',
        failed.output,
      );
      stage.checkEqual(
        await versions(stage),
        Object.fromEntries(stage.nodeNames.map((name) => [name, name === first ? after : before])),
        `${second} runs ${before} again`,
      );
      stage.checkEqual(await heldNames(stage), [first], `only ${first} is held`);
      stage.checkEqual((await stage.node(second)).availability, 'active', `${second} serves`);
      await run(stage, second, ['rm', dropIn]);
      await run(stage, second, ['systemctl', 'daemon-reload']);
      stage.did(`mended ${second}`);
      await stage.runToTheEnd('up');
      await stage.untilAsDeclared();
    };
    const what = 'while the engines were exchanged';
    const sight = await countRequests(stage, what, work, balancedPort);
    stage.checkEqual(
      await versions(stage),
      Object.fromEntries(stage.nodeNames.map((name) => [name, after])),
      `every engine is ${after}`,
    );
    stage.checkEqual(await heldNames(stage), [], 'nobody is held');
    stage.checkEqual(await nodeIds(stage), ids, 'every node is the one that it was');
    stage.checkEqual(await stage.bootIds(), boots, 'no machine was restarted');
    stage.checkEqual(sight.client.failures, 0, 'no request failed');
    await stage.checkNothingPending();
  },
};

async function nodeIds(stage: Stage): Promise<Readonly<Record<string, string>>> {
  const pairs = (await stage.nodes()).map(({ hostname, id }) => [hostname, id] as const);
  return Object.fromEntries(pairs.sort(([a], [b]) => a.localeCompare(b)));
}

async function heldNames(stage: Stage): Promise<readonly string[]> {
  return (await stage.nodes())
    .filter((node) => heldAvailability(node) !== undefined)
    .map(({ hostname }) => hostname);
}

/** Of the daemons themselves. */
async function versions(stage: Stage): Promise<Readonly<Record<string, string>>> {
  const ask = async (name: string): Promise<readonly [string, string]> => [
    name,
    await (await stage.host(name)).docker.version(),
  ];
  return Object.fromEntries(await Promise.all(stage.nodeNames.map(ask)));
}

/** A daemon that ends right after its start, of the new version alone. */
async function breakEngine(stage: Stage, name: string): Promise<void> {
  const { files } = await stage.host(name);
  const check = `/bin/sh -c '! dockerd --version | grep -q ${after}'`;
  await files.write(dropIn, `[Service]\nExecStartPre=${check}\n`);
  await run(stage, name, ['systemctl', 'daemon-reload']);
  stage.did(`saw to it that engine ${after} does not start on ${name}`);
}

async function run(stage: Stage, name: string, argv: readonly string[]): Promise<void> {
  const { code, stderr } = await (await stage.host(name)).run(argv, { timeoutSeconds: 300 });
  if (code !== 0) throw new Error(`${name}: ${argv.join(' ')}: ${stderr}`);
}
