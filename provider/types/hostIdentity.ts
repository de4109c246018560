import * as pulumi from '@pulumi/pulumi';

export interface HostIdentityArgs {
  /** Name of the node whose key this is. */
  name: pulumi.Input<string>;
  /** Name of the lab on this computer whose machine of this name shows the key. */
  lab?: pulumi.Input<string>;
  /** A machine of this name that the lab has already keeps its key: for a state that was lost. Default: false; such a machine is refused. */
  adopt?: pulumi.Input<boolean>;
}

/** The SSH host key of a machine that the program builds. It outlives every rebuild of the machine. */
export class HostIdentity extends pulumi.CustomResource {
  /** `ssh-ed25519 AAAA…` */
  declare readonly publicKey: pulumi.Output<string>;
  /** OpenSSH private key. Secret. */
  declare readonly privateKey: pulumi.Output<string>;

  constructor(name: string, args: HostIdentityArgs, options?: pulumi.CustomResourceOptions) {
    super(
      'swarm:index:HostIdentity',
      name,
      {
        ...args,
        publicKey: undefined,
        privateKey: undefined,
      },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ['privateKey'] }),
    );
  }
}
