/** How a server's health is seen: a TCP connection, or the answer to `GET` of a path (200–399 is healthy). */
export type PortCheck = 'tcp' | { readonly http: string };

/** A port of the virtual addresses that HAProxy listens on, and the published port behind it. */
export interface BalancedPort {
  readonly listen: number;
  readonly target: number;
  /** Default: `tcp`. */
  readonly mode?: 'tcp' | 'http';
  /** Default: `tcp`. */
  readonly check?: PortCheck;
}

/** A node that requests go to. */
export interface BalancedServer {
  readonly name: string;
  readonly address: string;
}

/** What HAProxy of one node needs to know. */
export interface BalancerSpec {
  /** Virtual addresses with their prefix length. */
  readonly addresses: readonly string[];
  readonly ports: readonly BalancedPort[];
  readonly servers: readonly BalancedServer[];
  /** How long the requests of a node that goes have to come to their end. */
  readonly drainSeconds: number;
}

export const defaultDrainSeconds = 30;

/** One server of one port, as HAProxy's runtime API names it: `port-80/w1`. */
export type ServerKey = string;

export function proxyName(listen: number): string {
  return `port-${String(listen)}`;
}
