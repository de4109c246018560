import * as pulumi from '@pulumi/pulumi';
import type { DaemonOptions } from '../../core/daemonOptions';
import type { EngineUpgrade } from '../../core/engineChange';
import type { EngineSourceSpec } from '../../core/engineSource';
import type { ConnectionArgs, ManagerContactArgs } from './connection';

/** An image archive of this computer, as `docker save` writes it. */
export interface ImageArchiveArgs {
  /** Image reference that it holds, e.g. `web:1`. */
  reference: pulumi.Input<string>;
  /** Path on this computer. */
  path: pulumi.Input<string>;
  /** SHA-256 in hex. */
  sha256: pulumi.Input<string>;
}

export interface EngineArgs {
  /** Name of the node. */
  name: pulumi.Input<string>;
  /** Identity of the machine. A change replaces the engine. */
  machineId: pulumi.Input<string>;
  /** How the host is reached. A change of it is no change of the resource. */
  connection: ConnectionArgs;
  /** Every declared manager. A change of it is no change of the resource. */
  managers: readonly ManagerContactArgs[];
  /** Engine version, e.g. `26.1.5`. Default: the newest of its source. A change replaces the engine, or exchanges it: see `upgrade`. */
  version?: pulumi.Input<string>;
  /** Where the engine comes from. Default: the distribution. A change of its kind replaces the engine. */
  source?: pulumi.Input<EngineSourceSpec>;
  /** Options of the daemon, by their names in `daemon.json`. In place by a reload, or by replacing the engine; see docs/engine.md. */
  daemon?: DaemonOptions;
  /** How the engine gets another version, and options that need a restart. Default: `replace`. A change touches nothing. */
  upgrade?: EngineUpgrade;
  /** Whether a manager stays drained after an upgrade in place, until an Activation. Default: false. */
  hold?: boolean;
  /** Image archives to load before the node joins. Changed in place. */
  images?: pulumi.Input<readonly pulumi.Input<ImageArchiveArgs>[]>;
  /** Seconds that steps may take. */
  timeouts?: pulumi.Input<{ start?: pulumi.Input<number> }>;
}

/** Docker Engine on a machine. Replaced, old one first, by a change of its version or its machine. */
export class Engine extends pulumi.CustomResource {
  /** Identity of this installation. */
  declare readonly engineId: pulumi.Output<string>;
  /** Version that the daemon answers with. */
  declare readonly engineVersion: pulumi.Output<string>;
  /** Another one after each upgrade or restart in place. */
  declare readonly revision: pulumi.Output<string>;

  constructor(name: string, args: EngineArgs, options?: pulumi.CustomResourceOptions) {
    super(
      'swarm:index:Engine',
      name,
      {
        ...args,
        engineId: undefined,
        engineVersion: undefined,
        revision: undefined,
      },
      options,
    );
  }
}
