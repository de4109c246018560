import * as pulumi from '@pulumi/pulumi';
import type { EngineDue } from '../../core/engineDue';
import type { ManagerContactArgs } from './connection';
import type { NodeTimeoutsArgs } from './node';

/** A command on the computer that runs Pulumi, before a node goes or when it is back. */
export interface NodeHookArgs {
  /** `before` anything of the node is touched, or `after` it is back. */
  moment: 'before' | 'after';
  /** The one node that it is for. Default: every node that has none of its own. */
  node?: string;
  /** An argv. */
  command: readonly string[];
  /** Further environment variables. Secret. */
  env?: pulumi.Input<Readonly<Record<string, string>>>;
  /** Seconds until it is stopped and counts as failed. Default: 300. */
  timeoutSeconds?: number;
}

/** How nodes go in the present run. */
export interface SwarmRollArgs {
  /** How many workers may be out at once. Default: that of each node. */
  maxUnavailable?: number;
  /** Seconds that each step may take. Default: those of each node. */
  timeouts?: NodeTimeoutsArgs;
  /** A worker that is a manager while one is out: `true` for the first healthy one, or its name. Default: nobody. */
  standIn?: true | string;
  /** Nodes whose tasks are moved start-first before their drain: `true` for all, or their names. Default: none. */
  startFirst?: true | readonly string[];
  /** An only manager is replaced without anybody in its place; needs `backup`. Default: false. */
  allowOutage?: boolean;
  /** Where raft is backed up before the first manager of a run goes. Default: nowhere. */
  backup?: {
    /** Directory of the computer that runs Pulumi. */
    directory: string;
  };
  /** What is declared of the virtual IP beside what its members have. */
  vip?: {
    /** Its holder may go although nobody takes it over. Default: false. */
    allowGap?: boolean;
    /** Node that has it after a roll, or `stay`. Default: `stay`. */
    preferred?: string;
  };
  /** There are `hooks`. Default: false. */
  hooks?: boolean;
  /** Engines of nodes whose machines stay, which are brought near while a node that is replaced still serves. Default: none. */
  engines?: readonly EngineDue[];
  /** The roll pauses behind its first node under this change. Default: it does not. */
  canary?: string;
}

export interface SwarmArgs {
  /** Name of the cluster, for messages. */
  name: pulumi.Input<string>;
  /** Every declared manager. A change of it is no change of the resource. */
  managers: readonly ManagerContactArgs[];
  /** Workers that may be managers while the only one is out. A change of it is no change of the resource. */
  standIns?: readonly ManagerContactArgs[];
  /** Names of every declared node, and the previous names of renamed ones by their new names. Changed in place. */
  declared: pulumi.Input<{
    managers: readonly string[];
    workers: readonly string[];
    renamed?: Readonly<Record<string, string>>;
    /** Names of the declared virtual IPs; a member of another one stops without a handover. */
    vips?: readonly string[];
    /** Choices about local data, by the nodes' names. */
    localData?: Readonly<Record<string, 'keep' | 'discard'>>;
  }>;
  /** How nodes go in the present run. Changed in place. */
  roll?: pulumi.Input<SwarmRollArgs>;
  /** Commands around each node that goes. A change of it is no change of the resource. */
  hooks?: readonly NodeHookArgs[];
  /** Consent to destroy the cluster. Default: false. Changed in place. */
  allowDestroy?: pulumi.Input<boolean>;
  /** Pools for overlay networks. Fixed when the swarm is founded. */
  addressPools?: pulumi.Input<readonly pulumi.Input<string>[]>;
  /** Prefix length of subnets from the pools. Fixed when the swarm is founded. */
  subnetSize?: pulumi.Input<number>;
  /** Cluster ID of a running swarm to take over. Its removal, once the swarm is taken over, is a change in place. */
  adopt?: pulumi.Input<string>;
  /** Managers lock their raft state on each restart. Default: as it is (off in a new swarm). Changed in place. */
  autolock?: pulumi.Input<boolean>;
  /** A further unlock key to try on a locked manager. Secret. Default: none. */
  unlockWith?: pulumi.Input<string>;
  /** `NAME@TOKEN` after the quorum was lost for good: the manager that carries the swarm on alone, with the token that `pulumi preview` prints. In place. */
  recoverFrom?: pulumi.Input<string>;
  /** Members that never come back and cannot be shown to be gone. In place. */
  lost?: pulumi.Input<readonly pulumi.Input<string>[]>;
}

/** The swarm itself: founded once, and found again by its cluster ID ever after. */
export class Swarm extends pulumi.CustomResource {
  /** ID of the swarm. */
  declare readonly clusterId: pulumi.Output<string>;
  /** What managers are unlocked with. Secret. Absent while autolock is off. */
  declare readonly unlockKey: pulumi.Output<string | undefined>;

  constructor(name: string, args: SwarmArgs, options?: pulumi.CustomResourceOptions) {
    super(
      'swarm:index:Swarm',
      name,
      {
        ...args,
        clusterId: undefined,
        unlockKey: undefined,
        earlierUnlockKeys: undefined,
        unsettled: undefined,
      },
      options,
    );
  }
}
