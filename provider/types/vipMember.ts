import * as pulumi from '@pulumi/pulumi';
import type { ConnectionArgs, ManagerContactArgs } from './connection';

export interface VipMemberArgs {
  /** Name of the node. */
  name: pulumi.Input<string>;
  /** The node's choice about its local data, see `NodeArgs`. */
  onLocalData?: pulumi.Input<'keep' | 'discard'>;
  /** ID of the node in the swarm. A change replaces the member. */
  nodeId: pulumi.Input<string>;
  /** ID of the swarm. */
  clusterId: pulumi.Input<string>;
  /** The node’s own IP address. */
  address: pulumi.Input<string>;
  /** How the host is reached. A change of it is no change of the resource. */
  connection: ConnectionArgs;
  /** Every declared manager. A change of it is no change of the resource. */
  managers: readonly ManagerContactArgs[];
  /** Name of the virtual IP. */
  vip: pulumi.Input<string>;
  /** Virtual addresses with their prefix length. Changed in place. */
  addresses: pulumi.Input<readonly pulumi.Input<string>[]>;
  /** VRRP virtual router ID, 1–255. Changed in place. */
  routerId: pulumi.Input<number>;
  /** VRRP priority, 1–200. Changed in place. */
  priority: pulumi.Input<number>;
  /** Interface. Default: the one with the node’s own address. Changed in place. */
  interface?: pulumi.Input<string>;
  /** Seconds between advertisements, a multiple of 0.01 up to 40.95. Default: 0.2. Changed in place. */
  advertisementSeconds?: pulumi.Input<number>;
  /** Whether this node may go although nobody takes the address over. Default: false. */
  allowGap?: pulumi.Input<boolean>;
  /** Node that is to have the address, or `stay`. Default: `stay`. */
  preferred?: pulumi.Input<string>;
  /** Seconds that steps may take. */
  timeouts?: pulumi.Input<{
    gate?: pulumi.Input<number>;
    handover?: pulumi.Input<number>;
    start?: pulumi.Input<number>;
  }>;
}

/** keepalived on a node, holding or standing by for a virtual IP. */
export class VipMember extends pulumi.CustomResource {
  /** Identity of this member. */
  declare readonly memberId: pulumi.Output<string>;

  constructor(name: string, args: VipMemberArgs, options?: pulumi.CustomResourceOptions) {
    super(
      'swarm:index:VipMember',
      name,
      {
        ...args,
        memberId: undefined,
      },
      options,
    );
  }
}
