import { nodeVariable, webPort, webReference } from '../../demo/webImage';
import { nextOs, shapes } from '../clusterShape';
import type { Scenario } from '../scenario';
import { answersThroughBalancer, failuresOf, tell, watched } from './balance';

const replicas = 3;

/** Fewer than there are nodes, each on the port that the balancer asks: with no IP_VS there is no routing mesh. */
const compose = `
services:
  web:
    image: ${webReference}
    environment: ["${nodeVariable}={{.Node.Hostname}}"]
    ports: [{ target: ${String(webPort)}, published: ${String(webPort)}, mode: host }]
    stop_grace_period: 5s
    deploy: { replicas: ${String(replicas)}, endpoint_mode: dnsrr }
`;

export const stackBalanced: Scenario = {
  name: 'stack-balanced',
  number: 28,
  title: `every node is replaced under a stack whose web service has ${String(replicas)} replicas behind the balancer`,
  holds: 'no request at the virtual IP fails, and the service has all its replicas in the end',
  shape: shapes.balancedStack,
  run: async (stage) => {
    stage.declare('stacks', [{ name: 'app', compose: [compose] }], 'declared the stack');
    await stage.runToTheEnd('up');
    await stage.until(
      'the service answers through the balancer',
      () => answersThroughBalancer(stage),
      60,
    );
    stage.declare('os', nextOs, `declared ${nextOs} for every node`);
    const roll = await watched(stage, async () => {
      await stage.runToTheEnd('up');
      await stage.untilAsDeclared();
    });
    tell(stage, 'in the roll', roll);
    stage.checkEqual(failuresOf(roll), [], 'no request of the roll failed');
    const { docker } = await stage.host(await stage.leader());
    const tasks = (await docker.tasks()).filter(
      ({ state, desiredState }) => state === 'running' && desiredState === 'running',
    );
    stage.checkEqual(tasks.length, replicas, `${String(replicas)} tasks run`);
    await stage.checkNothingPending();
  },
};
