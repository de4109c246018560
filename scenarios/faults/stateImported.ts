import { writeFileSync } from 'node:fs';
import { nextOs, shapes } from '../clusterShape';
import { importArguments, renderImportFile } from '../pulumi/importFile';
import type { Scenario } from '../scenario';
import { loseState, sight, untilSettled } from './untouched';
import { watchService } from './watchService';

export const stateImported: Scenario = {
  name: 'state-imported',
  number: 18,
  title: 'the state is lost, and every resource of the cluster is imported',
  holds: '`pulumi import` and the `up` after it touch nothing, and the cluster rolls as before',
  shape: shapes.threeManagers,
  run: async (stage) => {
    const clusterId = await stage.clusterId();
    await untilSettled(stage);
    const before = await sight(stage);
    await loseState(stage);
    const { lab, managers, workers } = stage.cluster;
    const file = stage.pulumi.path('import.json');
    writeFileSync(file, renderImportFile({ name: stage.pulumi.stack, lab, managers, workers }));
    const untouched =
      'nothing was touched: equal boot IDs, starts and processes of engines and keepalived, node IDs, tasks, holder of the virtual IP';
    const { asked, failures } = await watchService(stage, async () => {
      await stage.runToTheEnd('import', ...importArguments(file));
      stage.checkEqual(await sight(stage), before, untouched);
      const { changes } = await stage.runToTheEnd('up');
      stage.checkEqual(
        changes.filter(({ op }) => op !== 'create' && op !== 'update'),
        [],
        'the up after it replaces and deletes nothing',
      );
    });
    stage.checkEqual(await sight(stage), before, untouched);
    stage.checkEqual(failures, [], `each of ${String(asked)} requests meanwhile was answered`);
    await stage.checkNothingPending();

    stage.changeOs(nextOs, 'm2');
    await stage.runToTheEnd('up');
    await stage.untilAsDeclared();
    stage.checkEqual(await stage.clusterId(), clusterId, 'it is the same swarm');
    await stage.untilServed();
  },
};
