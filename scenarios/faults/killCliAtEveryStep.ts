import { shapes } from '../clusterShape';
import { killAtEveryStep } from '../kills/killAtEveryStep';
import type { Scenario } from '../scenario';

export const killCliAtEveryStep: Scenario = {
  name: 'kill-cli-at-every-step',
  number: 3,
  title: 'kill -9 of the Pulumi CLI at every step of a manager’s replacement',
  holds:
    'the provider ends its step and itself, and after pulumi cancel the next up finishes: the same swarm, one entry per node, no stale member, nothing built or joined twice',
  shape: shapes.threeManagers,
  run: (stage) => killAtEveryStep(stage, 'CLI', { isWithStandIn: false }),
};
