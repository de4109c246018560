import type { VrrpCheck } from './vrrpCheck';

/** What one keepalived instance of ours needs to know. */
export interface VrrpSpec {
  /** Name of the VIP's resource; names the instance. */
  readonly name: string;
  /** With their prefix length, e.g. `10.88.0.100/24`. */
  readonly addresses: readonly string[];
  readonly interface: string;
  /** The node's own address: source of the advertisements. */
  readonly sourceAddress: string;
  /** VRRP virtual router ID, 1–255. */
  readonly routerId: number;
  /** 1–200. */
  readonly priority: number;
  /** Seconds between advertisements; fractions need VRRP version 3. */
  readonly advertisementSeconds: number;
  /** Default: 3. */
  readonly version?: VrrpVersion;
  /** Version 2 only. Secret. */
  readonly password?: string;
  /** Addresses of the others, who are told one by one. Default: multicast. */
  readonly peers?: readonly string[];
  /** Whether the node's own word and the swarm's list of nodes are asked. Default: true. */
  readonly trackNode?: boolean;
  /** HAProxy runs beside it, and the addresses leave a node where it does not. Default: false. */
  readonly isBalanced?: boolean;
  /** Default: none. */
  readonly checks?: readonly VrrpCheck[];
  /** Argv of what is run at each change of state. */
  readonly notify?: readonly string[];
}

export type VrrpVersion = 2 | 3;

/**
 * Three missed advertisements and a little more (RFC 5798, Skew_Time) make a holder dead. Version 3:
 * 0.65 s, and no pause of a busy or migrated host below 0.6 s is taken for a death. Version 2 knows whole
 * seconds only.
 */
export function defaultAdvertisementSeconds(version: VrrpVersion = 3): number {
  return version === 2 ? 1 : 0.2;
}
