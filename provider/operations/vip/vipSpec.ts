import type { Connection, ManagerContact } from '../../../core/connection';
import type { VrrpCheck } from '../../../core/keepalived/vrrpCheck';
import { defaultAdvertisementSeconds } from '../../../core/keepalived/vrrpSpec';
import type { VrrpSpec, VrrpVersion } from '../../../core/keepalived/vrrpSpec';
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
  readonly vrrpVersion?: VrrpVersion;
  /** Secret. */
  readonly password?: string;
  /** Addresses of the other managers, with unicast. */
  readonly peers?: readonly string[];
  readonly trackNode?: boolean;
  readonly isBalanced?: boolean;
  readonly checks?: readonly VrrpCheck[];
  readonly notify?: readonly string[];
  readonly timeouts?: {
    readonly gate?: number;
    readonly handover?: number;
    readonly start?: number;
  };
}

/** What keepalived on this node is told. */
export function vrrpSpecOf(inputs: VipMemberInputs, interfaceName: string): VrrpSpec {
  const { vip, address, vrrpVersion, password, peers, trackNode, isBalanced, checks, notify } =
    inputs;
  return {
    name: vip,
    addresses: inputs.addresses,
    interface: interfaceName,
    sourceAddress: address,
    routerId: inputs.routerId,
    priority: inputs.priority,
    advertisementSeconds: inputs.advertisementSeconds ?? defaultAdvertisementSeconds(vrrpVersion),
    ...(vrrpVersion === undefined ? {} : { version: vrrpVersion }),
    ...(password === undefined ? {} : { password }),
    ...(peers === undefined ? {} : { peers }),
    ...(trackNode === undefined ? {} : { trackNode }),
    ...(isBalanced === undefined ? {} : { isBalanced }),
    ...(checks === undefined ? {} : { checks }),
    ...(notify === undefined ? {} : { notify }),
  };
}

export function handoverSeconds(spec: Pick<VipMemberInputs, 'timeouts'>): number {
  return spec.timeouts?.handover ?? 60;
}
