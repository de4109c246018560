import * as pulumi from '@pulumi/pulumi';

export interface LabMachineArgs {
  /** Host name, unique in the lab. A change replaces the machine. */
  name: pulumi.Input<string>;
  /** Name of the lab. A change replaces the machine. */
  lab: pulumi.Input<string>;
  /** Subnet of the lab, e.g. `10.88.0.0/24`. A change replaces the machine. */
  subnet: pulumi.Input<string>;
  /** IPv4 address in the subnet. A change replaces the machine. */
  address: pulumi.Input<string>;
  /** Operating system, e.g. `debian:12`. A change replaces the machine. */
  os: pulumi.Input<string>;
  /** Name of the NodeImage that it is made from, where that is there. Default: the OS’s own image. A change touches nothing. */
  nodeImage?: pulumi.Input<string>;
  /** SSH host key, from a HostIdentity. Secret. */
  hostPrivateKey: pulumi.Input<string>;
  /** Public part of the host key. */
  hostPublicKey: pulumi.Input<string>;
  /** Labels in the lab’s record. Changed in place. */
  labels?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
}

/** A real Debian machine on this computer. Replaced, old one first, by a change of its OS, address or name. */
export class LabMachine extends pulumi.CustomResource {
  /** Identity of this build. */
  declare readonly machineId: pulumi.Output<string>;
  /** Content identity of the OS image. */
  declare readonly image: pulumi.Output<string>;

  constructor(name: string, args: LabMachineArgs, options?: pulumi.CustomResourceOptions) {
    super(
      'swarm:index:LabMachine',
      name,
      {
        ...args,
        machineId: undefined,
        image: undefined,
      },
      options,
    );
  }
}
