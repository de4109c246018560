import * as pulumi from '@pulumi/pulumi';
import type { BalancedPortArgs, BalancedServerArgs, VipCheckArgs } from '../provider/types';

/**
 * HAProxy on the nodes of a virtual IP: requests to a port of it go to all nodes that answer a health
 * check, instead of to its holder alone. A node is drained in every balancer before it goes, and given
 * back when it is healthy again.
 */
export interface BalanceArgs {
  /**
   * Ports to balance. `listen` is the virtual IP's port, `target` the published port of the nodes; they
   * differ, and no `listen` is a published port of any service: Docker takes every packet to those before
   * HAProxy sees one. `mode: 'http'` sends a request without an answer again to another node, where that
   * is safe; `tcp` (default) carries anything. `check` is `tcp` (default) or `{ http: '/healthz' }`. A
   * change is made in place, by a reload that cuts no connection.
   */
  readonly ports: readonly BalancedPortArgs[];
  /** Seconds that the requests of a node that goes have to come to their end. Default: 30. A change is made in place. */
  readonly drainSeconds?: number;
  /** Nodes that requests go to. Default: every node of the SwarmCluster; of a SwarmManager alone its `managers`. A change is made in place. */
  readonly servers?: readonly BalancedServerArgs[];
}

export interface KeepalivedVipArgs {
  /**
   * Virtual addresses with their prefix length, e.g. `['10.88.0.100/24']`, IPv4 and IPv6. All are held by
   * the same node at the same time. Advertisements go over the family of the nodes' own addresses. A
   * change is made in place, node by node.
   */
  readonly addresses: readonly string[];
  /**
   * VRRP virtual router ID, 1–255, unique on the network. A change is made in place, on all
   * managers together.
   */
  readonly routerId: number;
  /** Interface that carries the addresses. Default: the one with the node's own address. A change is made in place, node by node. */
  readonly interface?: string;
  /**
   * Seconds between advertisements, a multiple of 0.01 up to 40.95; whole ones with VRRP version 2. A dead
   * holder is noticed after three and a little more, with the default of 0.2 after 0.65 s. Each holder
   * sends one small packet per interval; a host that is paused for longer than three (a live migration)
   * loses the address. Default: 0.2, with VRRP version 2: 1. A change is made in place, node by node.
   */
  readonly advertisementSeconds?: number;
  /**
   * Version of VRRP: 3, or 2 for a network or a device that wants a password. Default: 3.
   * A change is made in place, on all managers together.
   */
  readonly vrrpVersion?: 2 | 3;
  /**
   * Password of VRRP version 2: 1 to 8 letters, digits and characters of `_ . : + = -`. Kept as a secret
   * here; on the network it stands in clear in every packet, so it keeps mistakes away, no attackers. Default:
   * none. A change is made in place, on all managers together.
   */
  readonly password?: pulumi.Input<string>;
  /**
   * Whether managers are told one by one, at their declared addresses, where the network drops multicast,
   * as most clouds do. Default: false. A change is made in place, on all managers together.
   */
  readonly unicast?: boolean;
  /**
   * Whether the addresses leave a node whose engine is in no swarm or locked, or that the other managers
   * see down. A swarm without a leader says nothing, and the addresses stay. That the engine runs and
   * answers is always asked. Default: true. A change is made in place, by a reload.
   */
  readonly trackNode?: boolean;
  /**
   * What else a node must have to hold the addresses. Where no node has it, nobody holds them. Default:
   * nothing. A change is made in place, by a reload.
   */
  readonly checks?: readonly VipCheckArgs[];
  /**
   * Command on the node, as an argv, that keepalived runs as root at each change of state; it gets four
   * more arguments: `INSTANCE`, the name of the virtual IP, the state (`MASTER`, `BACKUP`, `FAULT`), the priority. Words
   * as in a check's `command`. Default: none. A change is made in place, by a reload.
   */
  readonly notify?: readonly string[];
  /** A load balancer in front of all nodes. Default: none; whoever holds the address answers alone. To remove it stops HAProxy. */
  readonly balance?: BalanceArgs;
  /**
   * The holder may be replaced although no other manager can take the address: nobody answers at it until
   * the node is back. Default: false, which refuses before anything is touched. A change touches nothing.
   */
  readonly allowGap?: boolean;
  /**
   * Name of the manager that is to have the address: it takes it, without a gap, when it has been built and
   * when it is seen not to have it. Default: `stay`, where it is, so that it moves as rarely as possible.
   * Changed in place.
   */
  readonly preferred?: string;
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
