import * as pulumi from '@pulumi/pulumi';
import type { ManagerContactArgs } from './connection';
import type { RegistryLoginArgs } from './node';

export interface PublishedPortArgs {
  /** Port inside the container. */
  target: pulumi.Input<number>;
  /** Port outside. */
  published: pulumi.Input<number>;
  /** Default: `tcp`. */
  protocol?: pulumi.Input<'tcp' | 'udp'>;
  /** `host`: the node's own port; `ingress`: the routing mesh (needs IP_VS). Default: `ingress`. */
  mode?: pulumi.Input<'host' | 'ingress'>;
}

export interface ServiceArgs {
  /** Name of the service. A change replaces it. */
  name: pulumi.Input<string>;
  /** ID of the swarm. */
  clusterId: pulumi.Input<string>;
  /** Every declared manager. A change of it is no change of the resource. */
  managers: readonly ManagerContactArgs[];
  /** Image reference. Changed in place. */
  image: pulumi.Input<string>;
  /** Command in place of the image’s own. Changed in place. */
  command?: pulumi.Input<readonly pulumi.Input<string>[]>;
  /** Environment variables. Changed in place. */
  environment?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
  /** One task on every active node. Default: false. A change replaces the service. */
  global?: pulumi.Input<boolean>;
  /** Number of tasks. Default: 1. Changed in place. */
  replicas?: pulumi.Input<number>;
  /** Placement constraints. Changed in place. */
  constraints?: pulumi.Input<readonly pulumi.Input<string>[]>;
  /** Published ports. Changed in place. */
  ports?: pulumi.Input<readonly pulumi.Input<PublishedPortArgs>[]>;
  /** Default: `vip`. Changed in place. */
  endpointMode?: pulumi.Input<'vip' | 'dnsrr'>;
  /** Seconds between stop signal and kill. Default: 10. Changed in place. */
  stopGraceSeconds?: pulumi.Input<number>;
  /** Labels of the service. Changed in place. */
  labels?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
  /** Logins of registries: nodes pull the image by that of its registry. Passwords are secret. Default: none. Changed in place, and replaces no task. */
  registries?: readonly RegistryLoginArgs[];
  /** Seconds that steps may take. */
  timeouts?: pulumi.Input<{ converge?: pulumi.Input<number> }>;
}

/** A service of the swarm, watched until its tasks run. */
export class Service extends pulumi.CustomResource {
  /** ID of the service in the swarm. */
  declare readonly serviceId: pulumi.Output<string>;
  /** Every task ran when it was last created or updated. */
  declare readonly isConverged: pulumi.Output<boolean>;

  constructor(name: string, args: ServiceArgs, options?: pulumi.CustomResourceOptions) {
    super(
      'swarm:index:Service',
      name,
      {
        ...args,
        registries: args.registries?.map((login) => ({
          ...login,
          password: pulumi.secret(login.password),
        })),
        serviceId: undefined,
        isConverged: undefined,
      },
      options,
    );
  }
}
