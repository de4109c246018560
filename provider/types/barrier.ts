import * as pulumi from '@pulumi/pulumi';

export interface BarrierArgs {
  /** Name of the barrier. */
  name: pulumi.Input<string>;
  /** Nodes that meet here. */
  nodes: pulumi.Input<readonly pulumi.Input<string>[]>;
}

/** The end of a batch of workers. It touches nothing. */
export class Barrier extends pulumi.CustomResource {
  constructor(name: string, args: BarrierArgs, options?: pulumi.CustomResourceOptions) {
    super(
      'swarm:index:Barrier',
      name,
      {
        ...args,
      },
      options,
    );
  }
}
