import type { SshConnection } from '../../core/connection';
import { Host } from '../../provider/types';
import type { MachineKind } from './machineKind';
import { sealed } from '../sealed';

export interface ExistingHostsArgs {
  /** How each host is reached; `host` defaults to the node's address. */
  readonly connection: (node: {
    readonly name: string;
    readonly address: string;
  }) => Omit<SshConnection, 'host'> & { readonly host?: string };
}

/** Machines that are there already: reached by SSH, never built or powered off. */
export function existingHosts(args: ExistingHostsArgs): MachineKind {
  const connection: MachineKind['connection'] = (node) => ({
    host: node.address,
    ...args.connection(node),
  });
  return {
    connection,
    create: ({ name, address, os }, options) => {
      const resource = new Host(
        name,
        {
          name,
          address,
          connection: sealed(connection({ name, address })),
          ...(os === undefined ? {} : { os }),
        },
        options,
      );
      return { machineId: resource.machineId, resource };
    },
  };
}
