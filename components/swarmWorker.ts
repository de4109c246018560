import * as pulumi from '@pulumi/pulumi';
import type { Engine } from '../provider/types';
import { nodeAliases, registerChain } from './swarmNode';
import type { SwarmNodeArgs } from './swarmNode';

export interface SwarmWorkerArgs extends SwarmNodeArgs {
  /** How many workers may be out at once, this one counted. Default: 1. */
  readonly maxUnavailable?: number;
}

/**
 * A worker of a swarm, from its machine to its membership. Replacing it waits at the gate, drains,
 * leaves, removes, rebuilds with the same name and address, and joins again.
 *
 * Alone, only the gate protects: it lets no more than `maxUnavailable` workers out at once. `SwarmCluster`
 * adds the order.
 */
export class SwarmWorker extends pulumi.ComponentResource {
  /** Docker Engine of the node. */
  readonly engine: Engine;
  /** ID of the node in the swarm. */
  readonly nodeId: pulumi.Output<string>;
  /** The last link of the chain. */
  readonly last: pulumi.Resource;

  constructor(name: string, args: SwarmWorkerArgs, options?: pulumi.ComponentResourceOptions) {
    super(
      'swarm:index:SwarmWorker',
      name,
      {},
      pulumi.mergeOptions(options, nodeAliases('swarm:index:SwarmManager', args.previousName)),
    );
    const { engine, node } = registerChain(this, name, 'worker', args);
    this.engine = engine;
    this.nodeId = node.nodeId;
    this.last = node;
    this.registerOutputs({ nodeId: this.nodeId });
  }
}
