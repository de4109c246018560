import * as pulumi from '@pulumi/pulumi';
import type { ConnectionArgs, ManagerContactArgs } from './connection';

/** Seconds that each step of a node may take. */
export interface NodeTimeoutsArgs {
  /** Waiting for the lease, and then at the gate. Default: 300. */
  gate?: pulumi.Input<number>;
  /** The drain. Default: 300. */
  drain?: pulumi.Input<number>;
  /** The demotion. Default: 120. */
  demote?: pulumi.Input<number>;
  /** Leaving the swarm. Default: 60. */
  leave?: pulumi.Input<number>;
  /** Joining the swarm. Default: 120. */
  join?: pulumi.Input<number>;
  /** Until the node is ready in its role. Default: 120. */
  ready?: pulumi.Input<number>;
  /** Until services are as before. Default: 300. */
  services?: pulumi.Input<number>;
}

/** A login at a registry. */
export interface RegistryLoginArgs {
  /** Host name of the registry, with its port where it has one, e.g. `registry.example:5000`. Docker Hub is `docker.io`. */
  server: string;
  /** User name. */
  username: string;
  /** Password or access token. Secret. */
  password: pulumi.Input<string>;
}

export interface NodeArgs {
  /** Host name. A change replaces the node. */
  name: pulumi.Input<string>;
  /** Changed in place: promoted, or demoted after the gate. */
  role: pulumi.Input<'manager' | 'worker'>;
  /** Identity of the engine. A change replaces the node. */
  engineId: pulumi.Input<string>;
  /** ID of the swarm. A change replaces the node. */
  clusterId: pulumi.Input<string>;
  /** IP address that the node advertises. A change replaces the node. */
  address: pulumi.Input<string>;
  /** How the host is reached. A change of it is no change of the resource. */
  connection: ConnectionArgs;
  /** Every declared manager. A change of it is no change of the resource. */
  managers: readonly ManagerContactArgs[];
  /** Labels of the node. Changed in place. */
  labels?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
  /** Default: `active`. Changed in place. */
  availability?: pulumi.Input<'active' | 'pause' | 'drain'>;
  /** How many workers may be out at once. Default: 1. */
  maxUnavailable?: pulumi.Input<number>;
  /** What happens to local data when the node is replaced. Default: the replacement is refused. */
  onLocalData?: pulumi.Input<'keep' | 'discard'>;
  /** Logins by which this node pulls the images of services before it becomes active. A change of it is no change of the resource. */
  registries?: readonly RegistryLoginArgs[];
  /** Seconds that each step may take. */
  timeouts?: pulumi.Input<NodeTimeoutsArgs>;
}

/** Membership of an engine in a swarm. */
export class Node extends pulumi.CustomResource {
  /** ID of the node in the swarm. */
  declare readonly nodeId: pulumi.Output<string>;
  /** The node was ready and active when last looked at. */
  declare readonly isReady: pulumi.Output<boolean>;

  constructor(name: string, args: NodeArgs, options?: pulumi.CustomResourceOptions) {
    super(
      'swarm:index:Node',
      name,
      {
        ...args,
        nodeId: undefined,
        isReady: undefined,
      },
      options,
    );
  }
}
