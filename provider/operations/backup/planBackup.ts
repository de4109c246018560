import { addressOf, isSameAddress } from '../../../core/addresses';
import { chooseBackupNode, chooseOnlyManager } from '../../../core/backup';
import type { BackupFollower, BackupPolicy } from '../../../core/backup';
import type { ManagerContact } from '../../../core/connection';
import { SwarmError, errorMessage } from '../../../core/errors';
import type { SwarmNodeFacts } from '../../../core/facts';
import { memberAddress } from '../../../core/gate';
import { parseVirtualAddresses } from '../../../core/keepalived/parseKeepalived';
import { keepalivedPath } from '../../../core/keepalived/keepalivedUnit';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { backupDirectory } from './backupDirectory';
import { isTaken } from './backupsTaken';
import type { Lease } from '../hold/lease';
import { askManager } from '../ask/managers';
import { accessOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';

/** The manager that goes, and what is declared about backups. */
export interface BeforeGoing {
  readonly operation: Operation;
  readonly spec: NodeInputs;
  readonly entry: SwarmNodeFacts;
  /** Its host; undefined: it is down. */
  readonly machine: Host | undefined;
  readonly lease: Lease;
  readonly isDestroy: boolean;
  /** It is the only manager, and an outage of it is accepted. Default: false. */
  readonly isOutage?: boolean;
  readonly backup: BackupPolicy | undefined;
  /** Passes the gate of the one that goes once more: minutes have gone by. */
  readonly passGateAgain: () => Promise<void>;
}

export interface BackupPlan {
  readonly node: SwarmNodeFacts;
  readonly contact: ManagerContact | undefined;
  readonly directory: string;
}

/** Undefined: nothing is to be backed up now. */
export async function planBackup(going: BeforeGoing): Promise<BackupPlan | undefined> {
  const { operation, spec, entry, machine, backup, isDestroy } = going;
  const isManager = entry.managerStatus !== undefined;
  if (backup === undefined || isDestroy || !isManager || isTaken(operation, spec.clusterId))
    return undefined;
  if (machine === undefined) {
    // To stop another one as well would cost the majority, and to keep a dead one in helps nobody.
    operation.log(
      'warning',
      `${spec.name} is down: raft is not backed up before it goes, but before the next manager`,
    );
    return undefined;
  }
  const directory = backupDirectory(backup);
  await operation.effects.local.ensurePrivateDirectory(directory);
  const nodes = await askManager(operation, accessOf(spec), ({ docker }) => docker.nodes(), {
    avoid: [spec.name],
  });
  const target = nodes.find(({ id }) => id === entry.id);
  // An interrupted run asked for its demotion, and that came behind the backup.
  if (target?.managerStatus === undefined || target.role === 'worker') return undefined;
  const isOutage = going.isOutage === true;
  const others = target.managerStatus.isLeader && !isOutage ? await followers(going, nodes) : [];
  const choice = isOutage
    ? chooseOnlyManager(target, nodes)
    : chooseBackupNode(target, nodes, others);
  if ('why' in choice) {
    throw new SwarmError(
      'BackupImpossible',
      `${spec.name}: ${choice.why}; nothing was touched; bring that right, or take \`backup\` out of the declaration for this run`,
      { source: 'user' },
    );
  }
  const contact = others.find(({ node }) => node.id === choice.node.id)?.contact;
  return { node: choice.node, contact, directory };
}

/** The other declared managers, with what speaks against stopping their engines. */
async function followers(
  { operation, spec }: BeforeGoing,
  nodes: readonly SwarmNodeFacts[],
): Promise<readonly (BackupFollower & { readonly contact: ManagerContact })[]> {
  const contacts = spec.managers.filter(({ name }) => name !== spec.name);
  const found = await Promise.all(
    contacts.map(async (contact) => {
      const node = nodes.find(
        (one) =>
          one.managerStatus !== undefined && isSameAddress(memberAddress(one), contact.address),
      );
      if (node === undefined) return [];
      return [{ contact, node, objection: await objectionTo(operation, contact) }];
    }),
  );
  return found.flat();
}

async function objectionTo(
  operation: Operation,
  contact: ManagerContact,
): Promise<string | undefined> {
  try {
    const host = await operation.effects.hosts.connect(contact.connection);
    const vips = parseVirtualAddresses((await host.files.read(keepalivedPath)) ?? '');
    const own = vips.length === 0 ? [] : await host.network.addresses();
    if (vips.some((vip) => own.some(({ address }) => isSameAddress(address, addressOf(vip))))) {
      return 'holds the virtual IP';
    }
    const { containers } = await host.docker.localData();
    return containers.length === 0
      ? undefined
      : `runs ${containers.join(', ')}, which the swarm did not start and its engine would stop`;
  } catch (error) {
    return `was not looked at: ${errorMessage(error)}`;
  }
}
