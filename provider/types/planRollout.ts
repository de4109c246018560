import * as pulumi from '@pulumi/pulumi';
import type { DaemonOptions } from '../../core/daemonOptions';
import type { EngineUpgrade } from '../../core/engineChange';
import type { EngineSourceSpec } from '../../core/engineSource';
import type { ConnectionArgs } from './connection';

/** A declared node, as the plan sees it. */
export interface PlannedNodeArgs {
  name: string;
  address: string;
  connection: ConnectionArgs;
  previousName?: string;
  os?: string;
  engineVersion?: string;
  engineSource?: EngineSourceSpec;
  engineDaemon?: DaemonOptions;
  engineUpgrade?: EngineUpgrade;
  onLocalData?: 'keep' | 'discard';
  labels?: Readonly<Record<string, string>>;
  availability?: 'active' | 'pause' | 'drain';
  /** Programs of its hooks. */
  hooks?: { before?: string; after?: string };
}

export interface PlanRolloutArgs {
  managers: readonly PlannedNodeArgs[];
  workers: readonly PlannedNodeArgs[];
  maxUnavailable: number | string;
  standIn?: true | string;
  vipAddresses?: readonly string[];
  vip?: { allowGap?: boolean; preferred?: string };
  balancedPorts?: readonly number[];
  lab?: string;
  adopt?: string;
  recoverFrom?: string;
  lost?: readonly string[];
  backup?: { directory: string };
  allowOutage?: boolean;
  startFirst?: true | readonly string[];
  canary?: string;
  hookBefore?: string;
}

/** The plan of one run, from one look at the world. */
export interface PlanRolloutResult {
  readonly swarm: 'none' | 'live' | 'unknown';
  readonly managers: readonly string[];
  readonly batches: readonly (readonly string[])[];
  readonly maxUnavailable: number;
  readonly turns: readonly string[];
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
}

/** Looks at every manager at once and plans the run. */
export function planRollout(
  args: PlanRolloutArgs,
  options: pulumi.InvokeOptions,
): Promise<PlanRolloutResult> {
  return pulumi.runtime.invoke('swarm:index:planRollout', args, options);
}
