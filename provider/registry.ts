import { planRollout } from './functions/planRollout';
import { activation } from './resources/activation';
import { balancer } from './resources/balancer';
import { barrier } from './resources/barrier';
import { engine } from './resources/engine';
import { host } from './resources/host';
import { hostIdentity } from './resources/hostIdentity';
import { labMachine } from './resources/labMachine';
import { node } from './resources/node';
import { nodeImage } from './resources/nodeImage';
import { rebalance } from './resources/rebalance';
import { service } from './resources/service';
import { stack } from './resources/stack';
import { swarm } from './resources/swarm';
import { vipMember } from './resources/vipMember';
import type { ProviderFunction, Resource } from './server/resource';

/** Every resource of the provider, in the order of a node's chain. */
export const resources: readonly Resource[] = [
  nodeImage,
  hostIdentity,
  labMachine,
  host,
  engine,
  swarm,
  node,
  balancer,
  vipMember,
  activation,
  barrier,
  rebalance,
  service,
  stack,
];

export const functions: readonly ProviderFunction[] = [planRollout];
