import { shapes } from '../clusterShape';
import { killAtEveryStep } from '../kills/killAtEveryStep';
import type { Scenario } from '../scenario';

export const killProviderAtEveryStep: Scenario = {
  name: 'kill-provider-at-every-step',
  number: 3,
  title:
    'kill -9 of the provider at every step of a manager’s replacement, while a worker stands in for it',
  holds:
    'the next up finishes: the same swarm, one entry per node, no stale member, nothing built or joined twice, and nobody stands in any more',
  shape: shapes.threeManagers,
  run: (stage) => killAtEveryStep(stage, 'provider', { isWithStandIn: true }),
};
