import * as pulumi from '@pulumi/pulumi';
import type { ManagerContactArgs } from './connection';
import type { RegistryLoginArgs } from './node';

export interface StackArgs {
  /** Name of the stack. A change replaces it. */
  name: pulumi.Input<string>;
  /** ID of the swarm. */
  clusterId: pulumi.Input<string>;
  /** Every declared manager. A change of it is no change of the resource. */
  managers: readonly ManagerContactArgs[];
  /** Compose files in order. Changed in place. */
  compose: pulumi.Input<
    readonly pulumi.Input<{ name: pulumi.Input<string>; text: pulumi.Input<string> }>[]
  >;
  /** Variables of the compose files. Changed in place. */
  variables?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
  /** Variables whose values are secret. Changed in place. */
  secretVariables?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
  /** Contents of each `env_file`, by its path. Changed in place. */
  envFiles?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
  /** Contents of configs. Changed in place. */
  configs?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
  /** Contents of secrets. Changed in place. */
  secrets?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
  /** Every declared node. Default: placement is not checked. A change of it is no change of the resource. */
  nodes?: readonly StackNodeArgs[];
  /** Logins of registries that nodes pull the services' images by. Passwords are secret. Changed in place. */
  registries?: readonly RegistryLoginArgs[];
  /** References of images whose archives are declared for the engines. Default: none. A change of it is no change of the resource. */
  images?: pulumi.Input<readonly pulumi.Input<string>[]>;
  /** Default: `keep`. */
  onFailure?: pulumi.Input<'keep' | 'rollback'>;
  /** Takes over what `docker stack deploy` made. Default: false. */
  adopt?: pulumi.Input<boolean>;
  /** Seconds that steps may take. */
  timeouts?: pulumi.Input<StackTimeoutsArgs>;
}

/** A declared node, as a place for tasks. */
export interface StackNodeArgs {
  readonly name: string;
  readonly role: 'manager' | 'worker';
  readonly labels?: Readonly<Record<string, string>>;
  readonly availability?: 'active' | 'pause' | 'drain';
}

export interface StackTimeoutsArgs {
  /** Until every task runs. Default: 600. */
  converge?: pulumi.Input<number>;
  /** How long a service may stand still while its tasks find no node or no image. Default: 30. */
  blocked?: pulumi.Input<number>;
}

/** A stack of compose files, watched until its services have converged. */
export class Stack extends pulumi.CustomResource {
  /** Every task ran when it was last created or updated. */
  declare readonly isConverged: pulumi.Output<boolean>;

  constructor(name: string, args: StackArgs, options?: pulumi.CustomResourceOptions) {
    super('swarm:index:Stack', name, { ...args, isConverged: undefined }, options);
  }
}
