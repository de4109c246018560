import { isSeen } from '../../core/facts';
import type { HostStanding } from '../operations/ask/hostStanding';
import { look } from '../operations/gate/gatherGateFacts';
import { isHeldByStranger } from '../operations/vip/keepalivedHost';

/** Managers that hold the virtual IP by a keepalived that is not ours; one that is not looked at is not known to. */
export async function vipStrangers(
  addresses: readonly string[],
  standings: readonly {
    readonly node: { readonly name: string };
    readonly standing: HostStanding;
  }[],
): Promise<readonly string[]> {
  const found = await Promise.all(
    standings.map(async ({ node: { name }, standing }) => {
      const host = standing.kind === 'absent' ? undefined : standing.host;
      if (host === undefined) return [];
      const isStranger = await look(() => isHeldByStranger(host, { addresses }));
      return isSeen(isStranger) && isStranger.seen ? [name] : [];
    }),
  );
  return found.flat();
}
