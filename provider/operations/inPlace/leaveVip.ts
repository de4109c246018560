import { parseVirtualAddresses } from '../../../core/keepalived/parseKeepalived';
import { keepalivedPath } from '../../../core/keepalived/keepalivedUnit';
import { describeGap, nobodyTakes } from '../../../core/vip/choosePeer';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import type { Lease } from '../hold/lease';
import { handOverVip, noVipPeer, settlePeers } from '../vip/handOverVip';
import { holdsVip } from '../vip/keepalivedHost';
import { lookForPeer } from '../vip/lookAtPeers';
import type { Member } from './member';

/**
 * Before an engine stops whose node holds the virtual IP: a peer takes it, and keeps it with its ordinary
 * priority, since nobody takes it back. Nothing where the node holds none.
 *
 * @throws SwarmError `NoVipPeer` when nobody can take it, unless a gap is allowed.
 */
export async function leaveVip(
  operation: Operation,
  host: Host,
  { node, policy, members }: Member,
  lease: Lease,
): Promise<void> {
  const addresses = parseVirtualAddresses((await host.files.read(keepalivedPath)) ?? '');
  if (addresses.length === 0) return;
  const { preferred, allowGap } = policy.vip ?? {};
  const { name, clusterId, managers } = node;
  const vip = {
    ...{ name, clusterId, managers, addresses },
    ...(preferred === undefined ? {} : { preferred }),
  };
  if (await holdsVip(host, vip)) {
    const choice = await lookForPeer(operation, vip);
    const isWithout = choice.candidates.length === 0;
    if (isWithout && allowGap !== true && members > 1) throw noVipPeer(vip, choice);
    await lease.confirm();
    if (isWithout) {
      operation.log(
        'warning',
        `${name} holds the virtual IP, and ${nobodyTakes(choice)}: ${describeGap(name)}`,
      );
    } else await handOverVip(operation, vip, host, choice);
  }
  await settlePeers(operation, vip);
}
