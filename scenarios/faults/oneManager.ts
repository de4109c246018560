import { goldenOs, nextOs, shapes } from '../clusterShape';
import type { Scenario } from '../scenario';

export const oneManager: Scenario = {
  name: 'one-manager',
  number: 13,
  title: 'the OS of the only manager is changed, without and with a worker that stands in for it',
  holds:
    'alone it is refused in preview and in up, and nothing is touched; with the stand-in it goes through in the same swarm; with consent the last manager leaves by force',
  shape: shapes.oneManager,
  run: async (stage) => {
    const idBefore = await stage.clusterId();
    const boots = await stage.bootIds();
    const services = (await (await stage.host('m1')).docker.services()).map(({ id }) => id);
    stage.changeOs(nextOs, 'm1');
    for (const command of ['preview', 'up']) {
      const refused = await stage.run(command);
      stage.check(refused.exitCode !== 0, `${command} is refused`, refused.output);
      stage.check(
        /m1 is the only manager: replacing it would end the swarm/.test(refused.output),
        `${command} says that it would end the swarm`,
        refused.output,
      );
      stage.checkEqual(refused.changes, [], `${command} changed no resource`);
    }
    stage.checkEqual(await stage.bootIds(), boots, 'no machine is rebuilt');
    await stage.untilAsDeclared(goldenOs);

    stage.changeOs(goldenOs, 'm1');
    await stage.setConfig('standIn', 'true');
    await stage.runToTheEnd('up');
    stage.changeOs(nextOs, 'm1');
    const preview = await stage.runToTheEnd('preview');
    stage.check(
      /w1 stands in: 1 → 2 members, 1 while it is out/.test(preview.output),
      'preview says that w1 carries the swarm meanwhile',
      preview.output,
    );
    await stage.runToTheEnd('up');
    await stage.untilAsDeclared();
    stage.checkEqual(await stage.clusterId(), idBefore, 'it is the same swarm');
    stage.checkEqual(
      (await (await stage.host('m1')).docker.services()).map(({ id }) => id),
      services,
      'its services are still there',
    );
    stage.checkEqual((await stage.bootIds(['w1']))['w1'], boots['w1'], 'w1 was not rebuilt');
    await stage.untilServed();
    await stage.checkNothingPending();

    await stage.setConfig('allowDestroy', 'true');
    await stage.runToTheEnd('up');
    await stage.runToTheEnd('destroy');
    stage.checkEqual(await stage.effects.lab.records(stage.cluster.lab), [], 'no machine is left');
  },
};
