import type { Connection, ManagerContact } from '../../../core/connection';
import { defaultAdvertisementSeconds } from '../../../core/keepalived/vrrpSpec';
import type { VrrpSpec } from '../../../core/keepalived/vrrpSpec';
import type { LocalDataChoice } from '../../../core/localData';

/** Inputs of a VipMember. */
export interface VipMemberInputs {
  readonly name: string;
  /** The node's choice about local data: its chain begins with this resource's delete. */
  readonly onLocalData?: LocalDataChoice;
  readonly nodeId: string;
  readonly clusterId: string;
  readonly address: string;
  readonly connection: Connection;
  readonly managers: readonly ManagerContact[];
  /** Name of the VIP; names keepalived's instance. */
  readonly vip: string;
  readonly addresses: readonly string[];
  readonly routerId: number;
  readonly priority: number;
  readonly interface?: string;
  readonly advertisementSeconds?: number;
  /** The holder may go although nobody takes the address over. */
  readonly allowGap?: boolean;
  /** Node that is to have the address, or `stay`. */
  readonly preferred?: string;
  readonly timeouts?: {
    readonly gate?: number;
    readonly handover?: number;
    readonly start?: number;
  };
}

/** What keepalived on this node is told. */
export function vrrpSpecOf(spec: VipMemberInputs, interfaceName: string): VrrpSpec {
  return {
    name: spec.vip,
    addresses: spec.addresses,
    interface: interfaceName,
    sourceAddress: spec.address,
    routerId: spec.routerId,
    priority: spec.priority,
    advertisementSeconds: spec.advertisementSeconds ?? defaultAdvertisementSeconds,
  };
}

export const keepalivedPath = '/etc/keepalived/keepalived.conf';
export const keepalivedUnit = 'keepalived.service';

export function handoverSeconds(spec: Pick<VipMemberInputs, 'timeouts'>): number {
  return spec.timeouts?.handover ?? 60;
}
