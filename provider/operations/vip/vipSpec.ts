import type { Connection, ManagerContact } from '../../../core/connection';
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
  readonly timeouts?: {
    readonly gate?: number;
    readonly handover?: number;
    readonly start?: number;
  };
}

export const keepalivedPath = '/etc/keepalived/keepalived.conf';
export const keepalivedUnit = 'keepalived.service';

export function handoverSeconds(spec: VipMemberInputs): number {
  return spec.timeouts?.handover ?? 60;
}
