import { webPort } from '../../demo/webImage';
import { shapes } from '../clusterShape';
import { breakEngine, engineVersions, heldNames, mendEngine, nodeIds } from '../enginesInPlace';
import {
  declareInPlace,
  newerEngine as after,
  offerNewerEngine,
  olderEngine as before,
} from '../nextEngine';
import type { Scenario } from '../scenario';
import { createByHand, untilTasksRun } from '../serviceByHand';
import type { Stage } from '../stage';
import { balancedPort, countRequests } from '../vip/countRequests';

const hostPort = 8090;

export const engineInPlaceReverted: Scenario = {
  name: 'engine-in-place-reverted',
  number: 27,
  title: `in place, the second of three managers does not come up with engine ${after}: the change is taken back while the first one is held; before that, the roll is refused in preview for a service that only held managers would answer for at the virtual IP`,
  holds:
    'the held manager is back on the engine that was kept and serves, nobody leaves the swarm, no machine is restarted, and no request fails; mended, the same roll goes through',
  shape: shapes.inPlace,
  run: async (stage) => {
    const ids = await nodeIds(stage);
    const boots = await stage.bootIds();
    const leader = await stage.leader();
    const [first = '', second = ''] = stage.cluster.managers.filter((name) => name !== leader);
    await offerNewerEngine(stage);
    await refuseUnanswered(stage);
    await breakEngine(stage, second);
    declareInPlace(stage);
    const work = async (): Promise<void> => {
      const failed = await stage.run('up');
      stage.check(
        failed.exitCode !== 0 &&
          failed.output.includes(
            `${second}: engine ${after} did not take the place of ${before}, which was put back`,
          ),
        `up stops at ${second}`,
        failed.output,
      );
      stage.checkEqual(await heldNames(stage), [first], `only ${first} is held`);
      stage.checkEqual((await stage.node(first)).availability, 'drain', `${first} is drained`);
      await checkVersions(stage, (name) => (name === first ? after : before));
      await takeBack(stage, first);
      await mendEngine(stage, second);
      declareInPlace(stage);
      await stage.runToTheEnd('up');
      await stage.untilAsDeclared();
    };
    const sight = await countRequests(
      stage,
      'while the engines were exchanged, put back, and exchanged',
      work,
      balancedPort,
    );
    await checkVersions(stage, () => after);
    stage.checkEqual(await heldNames(stage), [], 'nobody is held');
    stage.checkEqual(await nodeIds(stage), ids, 'every node is the one that it was');
    stage.checkEqual(await stage.bootIds(), boots, 'no machine was restarted');
    stage.checkEqual(sight.client.failures, 0, 'no request failed');
    await stage.checkNothingPending();
  },
};

async function takeBack(stage: Stage, first: string): Promise<void> {
  const ids = await nodeIds(stage);
  stage.declare(
    'engine',
    { ...(stage.declared('engine') as object), version: before },
    `took that back: declared engine ${before}`,
  );
  const preview = await stage.runToTheEnd('preview');
  stage.check(
    preview.output.includes(
      `take the upgrade of manager ${first} back in place (engine ${after} → ${before})`,
    ) && !preview.output.includes('replace'),
    'preview says that its upgrade is taken back, and replaces nobody',
    preview.output,
  );
  await stage.runToTheEnd('up');
  await stage.untilAsDeclared();
  await checkVersions(stage, () => before);
  stage.checkEqual(await heldNames(stage), [], 'nobody is held any more');
  stage.checkEqual((await stage.node(first)).availability, 'active', `${first} serves`);
  stage.checkEqual(await nodeIds(stage), ids, 'nobody left the swarm');
  await stage.checkNothingPending();
}

async function checkVersions(stage: Stage, expected: (name: string) => string): Promise<void> {
  const versions = Object.fromEntries(stage.nodeNames.map((name) => [name, expected(name)]));
  const sentence = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  stage.checkEqual(await engineVersions(stage), versions, `engines: ${sentence.join(', ')}`);
}

/** A port of the holder's own, and no balancer before it: all managers drained leave nobody to answer. */
async function refuseUnanswered(stage: Stage): Promise<void> {
  const [manager = ''] = stage.cluster.managers;
  const { docker } = await stage.host(manager);
  const service = await createByHand(stage, {
    name: 'unbalanced',
    mode: { global: true },
    ports: [{ target: webPort, published: hostPort, protocol: 'tcp', mode: 'host' }],
  });
  stage.did(
    `created a service on port ${String(hostPort)} of every node, which no balancer spreads`,
  );
  await untilTasksRun(stage, 'it runs on every node', service, stage.nodeNames.length);
  const before = stage.declared('engine');
  declareInPlace(stage);
  const { exitCode, output } = await stage.run('preview');
  stage.check(
    exitCode !== 0 &&
      /service unbalanced would not answer at the virtual IP: .* stay drained/.test(output),
    'preview refuses what would leave the virtual IP without an answering holder',
    output,
  );
  stage.checkEqual(await heldNames(stage), [], 'nobody is held');
  stage.declare('engine', before, 'took that back');
  await docker.removeService(service);
  stage.did('removed the service');
}
