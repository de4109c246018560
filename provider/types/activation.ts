import * as pulumi from '@pulumi/pulumi';
import type { ManagerContactArgs } from './connection';
import type { NodeTimeoutsArgs } from './node';

export interface ActivationArgs {
  /** Name of the activation. */
  name: pulumi.Input<string>;
  /** ID of the swarm. */
  clusterId: pulumi.Input<string>;
  /** Every declared manager. A change of it is no change of the resource. */
  managers: readonly ManagerContactArgs[];
  /** `revision` of every engine that is upgraded in place, by the node. A change ends all holds. */
  engines: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
  /** Seconds that each step may take. */
  timeouts?: pulumi.Input<NodeTimeoutsArgs>;
}

/** The end of an upgrade of the managers in place: those that are held drained serve again, together. */
export class Activation extends pulumi.CustomResource {
  constructor(name: string, args: ActivationArgs, options?: pulumi.CustomResourceOptions) {
    super(
      'swarm:index:Activation',
      name,
      {
        ...args,
      },
      options,
    );
  }
}
