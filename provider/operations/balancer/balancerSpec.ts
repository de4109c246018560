import { defaultDrainSeconds } from '../../../core/balancer/balancerSpec';
import type {
  BalancedPort,
  BalancedServer,
  BalancerSpec,
} from '../../../core/balancer/balancerSpec';
import type { Connection, ManagerContact } from '../../../core/connection';

/** Inputs of a Balancer. */
export interface BalancerInputs {
  readonly name: string;
  readonly nodeId: string;
  readonly clusterId: string;
  readonly connection: Connection;
  readonly managers: readonly ManagerContact[];
  readonly addresses: readonly string[];
  readonly ports: readonly BalancedPort[];
  readonly servers: readonly BalancedServer[];
  readonly drainSeconds?: number;
  readonly timeouts?: { readonly start?: number };
}

export const balancerPath = '/etc/haproxy/haproxy.cfg';
export const balancerUnit = 'haproxy.service';

export function specOf({ addresses, ports, servers, drainSeconds }: BalancerInputs): BalancerSpec {
  return { addresses, ports, servers, drainSeconds: drainSeconds ?? defaultDrainSeconds };
}
