import * as pulumi from '@pulumi/pulumi';
import type { ManagerContactArgs } from './connection';
import type { NodeTimeoutsArgs } from './node';

export interface RebalanceArgs {
  /** Name of the rebalance. */
  name: pulumi.Input<string>;
  /** ID of the swarm. */
  clusterId: pulumi.Input<string>;
  /** Every declared manager. A change of it is no change of the resource. */
  managers: readonly ManagerContactArgs[];
  /** Services that are spread anew: `true` for all that can be, or their names. */
  services: true | readonly string[];
  /** `nodeId` of every declared node. A change, as after a roll, spreads services anew. */
  nodes: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
  /** `revision` of every engine that is upgraded in place, by the node. A change spreads services anew. Default: none. */
  engines?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
  /** The nodes in the order of this run, for what `pulumi preview` says. A change of it is no change of the resource. Default: none. */
  order?: readonly string[];
  /** Seconds that each step may take. */
  timeouts?: pulumi.Input<NodeTimeoutsArgs>;
}

/** Services whose tasks lie worse than by one are spread anew, one task at a time and start-first, at the end of a run. */
export class Rebalance extends pulumi.CustomResource {
  constructor(name: string, args: RebalanceArgs, options?: pulumi.CustomResourceOptions) {
    super(
      'swarm:index:Rebalance',
      name,
      {
        ...args,
      },
      options,
    );
  }
}
