import { shapes } from '../clusterShape';
import {
  breakEngine,
  daemonsLog,
  engineVersions,
  heldNames,
  mendEngine,
  nodeIds,
} from '../enginesInPlace';
import {
  declareInPlace,
  newerEngine as after,
  offerNewerEngine,
  olderEngine as before,
} from '../nextEngine';
import type { Scenario } from '../scenario';
import { balancedPort, countRequests } from '../vip/countRequests';

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
      stage.check(daemonsLog.test(failed.output), 'with the daemon’s log', failed.output);
      stage.checkEqual(
        await engineVersions(stage),
        Object.fromEntries(stage.nodeNames.map((name) => [name, name === first ? after : before])),
        `${second} runs ${before} again`,
      );
      stage.checkEqual(await heldNames(stage), [first], `only ${first} is held`);
      stage.checkEqual((await stage.node(second)).availability, 'active', `${second} serves`);
      await mendEngine(stage, second);
      await stage.runToTheEnd('up');
      await stage.untilAsDeclared();
    };
    const what = 'while the engines were exchanged';
    const sight = await countRequests(stage, what, work, balancedPort);
    stage.checkEqual(
      await engineVersions(stage),
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
