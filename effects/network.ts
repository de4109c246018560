/** Network of one host, as that host sees it. */
export interface HostNetwork {
  /** Every address on every interface, e.g. `{interface: 'eth0', address: '10.88.0.11', prefixLength: 24}`. */
  addresses(): Promise<readonly InterfaceAddress[]>;
  /** Whether a TCP connection from this host to `address:port` opens: `open`, `refused` (an answer), `silent` (none in time). */
  probe(
    address: string,
    port: number,
    timeoutSeconds?: number,
  ): Promise<'open' | 'refused' | 'silent'>;
  /**
   * As `probe`, from inside the engine's ingress sandbox: what it sends to another node's address on
   * the ingress network goes over the swarm's overlay.
   */
  probeFromIngress(
    address: string,
    port: number,
    timeoutSeconds?: number,
  ): Promise<'open' | 'refused' | 'silent'>;
  /**
   * Whether a datagram from this host reaches `address:port`, where nothing listens: the other host's
   * kernel says so (`refused`). `silent`: no sign came back, so it is dropped on the way, or something listens.
   */
  probeUdp(address: string, port: number, timeoutSeconds?: number): Promise<'refused' | 'silent'>;
}

export interface InterfaceAddress {
  readonly interface: string;
  readonly address: string;
  readonly prefixLength: number;
}
