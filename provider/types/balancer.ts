import * as pulumi from '@pulumi/pulumi';
import type { ConnectionArgs, ManagerContactArgs } from './connection';

/** A port of the virtual addresses, and the published port of the nodes behind it. */
export interface BalancedPortArgs {
  /**
   * Port of the virtual addresses that HAProxy listens on. It is no published port of any service: Docker
   * takes every packet to those before HAProxy sees one.
   */
  readonly listen: number;
  /** Published port of the nodes. */
  readonly target: number;
  /** `tcp` carries anything; `http` sends a request that has no answer to another node, where that is safe. Default: `tcp`. */
  readonly mode?: 'tcp' | 'http';
  /** How a node's health is seen: `tcp`, a connection; or `{ http: '/healthz' }`, an answer of 200–399. Default: `tcp`. */
  readonly check?: 'tcp' | { readonly http: string };
}

/** A node that requests go to. */
export interface BalancedServerArgs {
  /** Name of the node. */
  readonly name: string;
  /** IP address of the node. */
  readonly address: string;
}

export interface BalancerArgs {
  /** Name of the node that HAProxy runs on. */
  name: pulumi.Input<string>;
  /** ID of the node in the swarm. A change replaces the balancer. */
  nodeId: pulumi.Input<string>;
  /** ID of the swarm. */
  clusterId: pulumi.Input<string>;
  /** How the host is reached. A change of it is no change of the resource. */
  connection: ConnectionArgs;
  /** Every declared manager. A change of it is no change of the resource. */
  managers: readonly ManagerContactArgs[];
  /** Virtual addresses with their prefix length. Changed in place. */
  addresses: pulumi.Input<readonly pulumi.Input<string>[]>;
  /** What is balanced. Changed in place. */
  ports: readonly BalancedPortArgs[];
  /** The nodes behind it. Changed in place. */
  servers: readonly BalancedServerArgs[];
  /** Seconds that the requests of a node that goes have to come to their end. Default: 30. Changed in place. */
  drainSeconds?: pulumi.Input<number>;
  /** Seconds that steps may take. */
  timeouts?: pulumi.Input<{ start?: pulumi.Input<number> }>;
}

/** HAProxy on a node of a virtual IP. */
export class Balancer extends pulumi.CustomResource {
  /** Identity of this balancer. */
  declare readonly balancerId: pulumi.Output<string>;

  constructor(name: string, args: BalancerArgs, options?: pulumi.CustomResourceOptions) {
    super('swarm:index:Balancer', name, { ...args, balancerId: undefined }, options);
  }
}
