/** A swarm service as we send it: the minimal set that a web service on every node needs. */
export interface ServiceSpec {
  readonly name: string;
  /** Image reference; it must be on the node, or in a registry that the node reaches. */
  readonly image: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly mode: { readonly global: true } | { readonly replicas: number };
  readonly constraints: readonly string[];
  readonly ports: readonly PublishedPort[];
  readonly endpointMode: 'vip' | 'dnsrr';
  /** Seconds between the stop signal and the kill. */
  readonly stopGraceSeconds: number;
  readonly labels: Readonly<Record<string, string>>;
}

export interface PublishedPort {
  /** Port inside the container. */
  readonly target: number;
  /** Port outside. */
  readonly published: number;
  readonly protocol: 'tcp' | 'udp';
  /** `host`: on the node's own port, past the routing mesh. `ingress`: by the routing mesh (needs IP_VS). */
  readonly mode: 'host' | 'ingress';
}
