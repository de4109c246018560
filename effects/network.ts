/** Network of one host, as that host sees it. */
export interface HostNetwork {
  /** Every address on every interface, e.g. `{interface: 'eth0', address: '10.88.0.11', prefixLength: 24}`. */
  addresses(): Promise<readonly InterfaceAddress[]>;
  /**
   * Calls `wake` when an address comes to an interface of this host or leaves one, until the function that it returns is
   * called. Never throws: a host that does not tell wakes nobody, so that who waits must ask again all the same.
   */
  listen(wake: () => void): () => void;
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
   * As `probeFromIngress`, by one datagram that fills a packet of the overlay: `silent` where only small
   * ones pass. `mtu`: bytes of that packet.
   */
  probeLargeFromIngress(
    address: string,
    port: number,
    timeoutSeconds?: number,
  ): Promise<{ readonly answer: 'refused' | 'silent'; readonly mtu: number }>;
  /** Whether the engine's ingress sandbox, having tried it just now, knows where an address of that network is: by gossip. */
  knowsFromIngress(address: string): Promise<boolean>;
  /**
   * Whether a datagram from this host reaches `address:port`, where nothing listens: the other host's
   * kernel says so (`refused`). `silent`: no sign came back, so it is dropped on the way, or something listens.
   */
  probeUdp(address: string, port: number, timeoutSeconds?: number): Promise<'refused' | 'silent'>;
  /** Whether its kernel has IP_VS, which virtual IPs of services and the routing mesh need; undefined: it does not tell. */
  hasIpvs(): Promise<boolean | undefined>;
}

export interface InterfaceAddress {
  readonly interface: string;
  readonly address: string;
  readonly prefixLength: number;
}
