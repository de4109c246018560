import * as pulumi from '@pulumi/pulumi';
import type { ConnectionArgs } from './connection';

export interface HostArgs {
  /** Host name. A change replaces the node. */
  name: pulumi.Input<string>;
  /** IP address. A change replaces the node. */
  address: pulumi.Input<string>;
  /** How the host is reached. A change of it is no change of the resource. */
  connection: ConnectionArgs;
  /** Operating system that the host must show. A change replaces the node. */
  os?: pulumi.Input<string>;
}

/** An existing machine, reached by SSH: marked as managed, never created, rebuilt or powered off. */
export class Host extends pulumi.CustomResource {
  /** Identity of this adoption. */
  declare readonly machineId: pulumi.Output<string>;
  /** Operating system that the host showed when it was last looked at. */
  declare readonly hostOs: pulumi.Output<string>;

  constructor(name: string, args: HostArgs, options?: pulumi.CustomResourceOptions) {
    super(
      'swarm:index:Host',
      name,
      {
        ...args,
        machineId: undefined,
        hostOs: undefined,
      },
      options,
    );
  }
}
