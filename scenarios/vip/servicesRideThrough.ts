import { nextOs, shapes } from '../clusterShape';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';
import { countRequests } from './countRequests';
import { runningTasks, watchReplicas } from './replicaWatch';

const web = 'web';
const replicas = 2;

export const servicesRideThrough: Scenario = {
  name: 'services-ride-through',
  number: 28,
  title:
    'every node is replaced, start-first, under a service of two tasks behind the virtual IP and its balancer, and one that has a task on every node',
  holds: 'never fewer than two tasks of it run, and no request at the virtual IP fails',
  shape: shapes.rideThrough,
  run: async (stage) => {
    await stage.until(
      'its two tasks run',
      async () => {
        const { length } = await runningTasks(stage, web);
        return length === replicas || String(length);
      },
      60,
    );
    stage.declare('drain', 'startFirst', 'declared drain: startFirst');
    stage.declare('os', nextOs, `declared ${nextOs} for every node`);
    const preview = await stage.pulumi.run('preview');
    stage.check(
      /the tasks of web are moved to other nodes, start-first; by the plain drain, stop first: echo \(it has a task on every node\)/.test(
        preview.output,
      ),
      'preview names the service that is moved, and the one that is not, with the reason',
      preview.output,
    );
    const mark = stage.mark();
    let failures: number | undefined;
    const seen = await watchReplicas(stage, web, async () => {
      const sight = await countRequests(
        stage,
        'while every node was replaced',
        async () => {
          await stage.runToTheEnd('up');
          await stage.untilAsDeclared();
        },
        80,
      );
      ({ failures } = sight.client);
    });
    stage.checkEqual(failures, 0, 'no request failed');
    stage.check(
      seen.least >= replicas,
      `in ${String(seen.samples)} looks at least ${String(seen.least)} tasks of it ran`,
    );
    tellMoves(stage, mark);
    await stage.checkNothingPending();
  },
};

function tellMoves(stage: Stage, mark: number): void {
  const moved = stage.stepsSince(mark).filter((each) => each.startsWith('move the tasks of '));
  stage.checkEqual(moved.length, stage.nodeNames.length, 'tasks were moved off every node first');
}
