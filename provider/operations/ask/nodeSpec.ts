import type { Connection, ManagerContact } from '../../../core/connection';
import type { Availability, NodeRole } from '../../../core/facts';
import type { RegistryLogin } from '../../../core/images';
import type { LocalDataChoice } from '../../../core/localData';
import type { NodeTimeouts } from '../../../core/rollPolicy';
import type { SwarmAccess } from './managers';

export const defaultNodeTimeouts: NodeTimeouts = {
  gate: 300,
  drain: 300,
  // The leader transfers leadership (25 s) and a worker certificate is issued (twice 16 s).
  demote: 120,
  leave: 60,
  join: 120,
  ready: 120,
  services: 300,
};

/** Inputs of a Node. */
export interface NodeInputs {
  readonly name: string;
  readonly role: NodeRole;
  readonly engineId: string;
  readonly clusterId: string;
  readonly address: string;
  readonly connection: Connection;
  readonly managers: readonly ManagerContact[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly availability?: Availability;
  readonly maxUnavailable?: number;
  readonly onLocalData?: LocalDataChoice;
  readonly registries?: readonly RegistryLogin[];
  readonly timeouts?: Partial<NodeTimeouts>;
}

export function accessOf(spec: NodeInputs): SwarmAccess {
  return { clusterId: spec.clusterId, managers: spec.managers };
}

export function timeoutsOf(spec: { readonly timeouts?: Partial<NodeTimeouts> }): NodeTimeouts {
  return { ...defaultNodeTimeouts, ...spec.timeouts };
}
