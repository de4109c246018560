import * as pulumi from '@pulumi/pulumi';

export interface KeepalivedVipArgs {
  /** Virtual addresses with their prefix length, e.g. `['10.88.0.100/24']`. A change is made in place, by a reload. */
  readonly addresses: readonly string[];
  /** VRRP virtual router ID, 1–255, unique on the network. A change is made in place, by a reload. */
  readonly routerId: number;
  /** Interface that carries the addresses. Default: the one with the node's own address. */
  readonly interface?: string;
  /**
   * Seconds between advertisements, a multiple of 0.01 up to 40.95. A dead holder is noticed after
   * three and a little more, with the default of 0.2 after 0.65 s. Each holder sends one small packet
   * per interval; a host that is paused for longer than three (a live migration) loses the address.
   * Default: 0.2. A change is made in place, by a reload, node by node.
   */
  readonly advertisementSeconds?: number;
}

/**
 * A virtual IP on the managers. It registers nothing but itself: every SwarmManager that is given it
 * registers a `VipMember` as the last link of its own chain, so that the address is handed over before
 * the node goes.
 */
export class KeepalivedVip extends pulumi.ComponentResource {
  /** As given. */
  readonly args: KeepalivedVipArgs;
  /** Name of keepalived's instance. */
  readonly vipName: string;

  constructor(name: string, args: KeepalivedVipArgs, options?: pulumi.ComponentResourceOptions) {
    super('swarm:index:KeepalivedVip', name, {}, options);
    this.args = args;
    this.vipName = name;
    this.registerOutputs({ addresses: args.addresses });
  }
}
