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
}

/**
 * Three missed advertisements and a little more (RFC 5798, Skew_Time) make a holder dead: 0.65 s, and no
 * pause of a busy or migrated host below 0.6 s is taken for a death.
 */
export const defaultAdvertisementSeconds = 0.2;
