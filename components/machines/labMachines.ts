import * as pulumi from '@pulumi/pulumi';
import { nodeImageName } from '../../core/nodeImage';
import { HostIdentity, LabMachine, NodeImage } from '../../provider/types';
import type { MachineKind } from './machineKind';

export interface LabMachinesArgs {
  /** Name of the lab. */
  readonly lab: string;
  /** Its subnet, e.g. `10.88.0.0/24`; the first address is this computer's. */
  readonly subnet: string;
  /**
   * Machines are made from an image that has engine and packages, built before any node is touched, so that a node
   * is out for less. Default: true. A change touches no machine.
   */
  readonly prepareImages?: boolean;
}

/** Machines of a lab on this computer: real Debian, rebuilt by a change of `os`. */
export function labMachines(args: LabMachinesArgs): MachineKind {
  const { prepareImages = true } = args;
  return {
    lab: args.lab,
    prepare: (prefix, images, options) => {
      const wanted = prepareImages ? images : [];
      const byName = new Map(wanted.map((image) => [nodeImageName(image), image]));
      return [...byName].map(
        ([name, image]) => new NodeImage(`${prefix}-${name}`, { name, ...image }, options),
      );
    },
    connection: ({ name }) => ({ lab: args.lab, machine: name }),
    create: ({ name, address, os, image, adopt = false }, options) => {
      if (os === undefined) {
        throw new pulumi.RunError(`${name}: a lab machine needs an \`os\`, e.g. debian:13`);
      }
      // The key outlives every rebuild, so it waits for nobody and nothing replaces it.
      const identity = new HostIdentity(
        name,
        { name, lab: args.lab, adopt },
        { ...options, dependsOn: [] },
      );
      const resource = new LabMachine(
        name,
        {
          name,
          lab: args.lab,
          subnet: args.subnet,
          address,
          os,
          ...(image === undefined || !prepareImages ? {} : { nodeImage: nodeImageName(image) }),
          hostPrivateKey: identity.privateKey,
          hostPublicKey: identity.publicKey,
        },
        options,
      );
      return { machineId: resource.machineId, resource };
    },
  };
}
