import * as pulumi from '@pulumi/pulumi';
import type { ConnectionArgs, ManagerContactArgs } from './connection';

/** Something that a node must have to hold the addresses: exactly one of `tcp`, `http` and `command`. */
export interface VipCheckArgs {
  /** A TCP port of the node's own address that a connection opens to. */
  readonly tcp?: number;
  /** A TCP port of the node's own address that answers HTTP with a status of 200 to 399. */
  readonly http?: number;
  /** Path that `http` asks for. Default: `/`. */
  readonly path?: string;
  /**
   * A command on the node as an argv, its program by its whole path; it passes when it ends with 0. It
   * runs as root, without a shell, and nobody else may be able to write it. Words of letters, digits and `_ . / : = @ , + % -`: for more, give the path of a script.
   */
  readonly command?: readonly string[];
  /** Whole seconds between two checks. Default: 2. */
  readonly intervalSeconds?: number;
  /** Whole seconds after which a check has failed. Default: 2. */
  readonly timeoutSeconds?: number;
  /** Failures in a row that make the node give the addresses up. Default: 2. */
  readonly fall?: number;
  /** Successes in a row after which it may hold them again. Default: 2. */
  readonly rise?: number;
}

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
  /** Version of VRRP: 3, or 2, which knows a password and whole seconds only. Default: 3. Changed in place. */
  vrrpVersion?: pulumi.Input<number>;
  /** Password of VRRP version 2, 1 to 8 characters; secret. Changed in place. */
  password?: pulumi.Input<string>;
  /** Addresses of the other managers, who are told one by one. Default: multicast. Changed in place. */
  peers?: pulumi.Input<readonly pulumi.Input<string>[]>;
  /** Whether the addresses leave a node that is no working member of its swarm. Default: true. Changed in place. */
  trackNode?: pulumi.Input<boolean>;
  /** HAProxy runs beside it: the addresses leave a node where it does not. Default: false. Changed in place. */
  isBalanced?: pulumi.Input<boolean>;
  /** What else a node must have to hold the addresses. Default: nothing. Changed in place. */
  checks?: pulumi.Input<readonly pulumi.Input<VipCheckArgs>[]>;
  /** Command that keepalived runs as root at each change of state, as an argv. Changed in place. */
  notify?: pulumi.Input<readonly pulumi.Input<string>[]>;
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
