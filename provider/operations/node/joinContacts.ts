import type { ManagerContact } from '../../../core/connection';
import type { Sight, SwarmNodeFacts } from '../../../core/facts';
import { isAt } from '../../../core/gate';
import { mayLackAlpn, promotionFault } from '../../../core/joinWay';
import type { JoinContact } from '../../../core/joinWay';
import type { Operation } from '../../server/resource';
import { askManager } from '../ask/managers';
import { accessOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';
import { look } from '../gate/gatherGateFacts';

/** The managers that a node may join by, as they are now. */
export async function lookAtContacts(
  operation: Operation,
  spec: NodeInputs,
  joiner = spec.name,
): Promise<readonly JoinContact[]> {
  const nodes = await askManager(
    operation,
    accessOf(spec),
    ({ docker }) => docker.nodes({ role: 'manager' }),
    { avoid: [spec.name] },
  );
  const contacts = await Promise.all(
    spec.managers.map(async (contact): Promise<readonly JoinContact[]> => {
      const { name, address } = contact;
      const entry = nodes.find((node) => node.managerStatus !== undefined && isAt(node, address));
      if (entry === undefined || name === joiner) return [];
      const { engineVersion } = entry;
      return [{ name, engineVersion, alpn: await lookAtAlpn(operation, contact, engineVersion) }];
    }),
  );
  return contacts.flat();
}

/** Whether a manager offers ALPN; only engines that may have lost it are asked. */
export async function lookAtAlpn(
  { effects }: Operation,
  { address, connection }: Pick<ManagerContact, 'address' | 'connection'>,
  engineVersion: string,
): Promise<Sight<boolean>> {
  if (!mayLackAlpn(engineVersion)) return { seen: true };
  return look(async () => (await effects.hosts.connect(connection)).docker.offersAlpn(address));
}

/**
 * Before a worker becomes a manager: whether it can. The Engine would accept the wish, and try for ever.
 *
 * @throws SwarmError `AlpnMissing`; nothing was touched.
 */
export async function refusePromotion(
  operation: Operation,
  spec: NodeInputs,
  { hostname, engineVersion, managerStatus }: SwarmNodeFacts,
): Promise<void> {
  if (managerStatus !== undefined) return;
  const managers = await lookAtContacts(operation, spec, hostname);
  const fault = promotionFault(hostname, engineVersion, managers);
  if (fault !== undefined) throw fault;
}
