import { addressOf } from '../../../core/addresses';
import type { ManagerContact } from '../../../core/connection';
import { isSeen } from '../../../core/facts';
import { parseKeepalived } from '../../../core/keepalived/parseKeepalived';
import { judgeHolders } from '../../../core/vip/vipDrift';
import type { HolderSight, VipSight } from '../../../core/vip/vipDrift';
import { keepalivedPath } from '../../../core/keepalived/keepalivedUnit';
import { ofProcess } from '../../server/ofProcess';
import type { Operation } from '../../server/resource';
import type { Heed } from '../ask/waitUntil';
import { look } from '../gate/gatherGateFacts';
import { holdsVip } from './keepalivedHost';
import type { VipMemberInputs } from './vipSpec';

/** Looks at every manager at once, and heeds those that answer. Never throws: no answer is a fact too. */
export async function lookAtHolders(
  operation: Operation,
  spec: VipMemberInputs,
  heed: Heed = () => undefined,
): Promise<VipSight> {
  const own = { name: spec.name, connection: spec.connection };
  const sights = await sightsOf(operation, spec, [own, ...peersOf(spec)], heed);
  const order = [...sights].sort((a, b) => a.name.localeCompare(b.name));
  return judgeHolders(spec.addresses.map(addressOf).join(', '), order);
}

/**
 * Whether another declared manager holds the address by this router ID, as when one of several is rebuilt: somebody
 * else who used the ID would have been in its way, or it in theirs, long before this one.
 */
export async function isHeldByPeer(operation: Operation, spec: VipMemberInputs): Promise<boolean> {
  const peers = await sightsOf(operation, spec, peersOf(spec));
  return peers.some(
    ({ holds, spec: runs }) => isSeen(holds) && holds.seen && runs?.routerId === spec.routerId,
  );
}

function peersOf({ name, managers }: VipMemberInputs): VipMemberInputs['managers'] {
  return managers.filter((manager) => manager.name !== name);
}

function sightsOf(
  operation: Operation,
  spec: VipMemberInputs,
  contacts: readonly Pick<ManagerContact, 'name' | 'connection'>[],
  heed: Heed = () => undefined,
): Promise<readonly HolderSight[]> {
  return Promise.all(
    contacts.map(async ({ name, connection }): Promise<HolderSight> => {
      const seen = await look(async () => {
        const host = await operation.effects.hosts.connect(connection);
        heed(host.network);
        const text = await host.files.read(keepalivedPath);
        return { holds: await holdsVip(host, spec), text: text ?? '' };
      });
      return isSeen(seen)
        ? { name, holds: { seen: seen.seen.holds }, spec: parseKeepalived(seen.seen.text) }
        : { name, holds: seen, spec: undefined };
    }),
  );
}

/** For this long a look serves every member that is read: a refresh reads them side by side. */
const lookMilliseconds = 5_000;

interface Look {
  readonly atMs: number;
  readonly sight: Promise<VipSight>;
}

const looksOf = ofProcess(() => new Map<string, Look>());

/** As `lookAtHolders`, once for all members of a virtual IP. */
export async function lookAtHoldersOnce(
  operation: Operation,
  spec: VipMemberInputs,
): Promise<VipSight> {
  const { clock } = operation.effects;
  const looks = looksOf(operation);
  const key = `${spec.clusterId} ${spec.vip} ${spec.addresses.join(' ')}`;
  const last = looks.get(key);
  const nowMs = clock.monotonicMs();
  if (last !== undefined && nowMs - last.atMs < lookMilliseconds) return last.sight;
  const sight = lookAtHolders(operation, spec);
  looks.set(key, { atMs: nowMs, sight });
  return sight;
}
