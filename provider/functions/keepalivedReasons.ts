import { isSeen } from '../../core/facts';
import { look } from '../operations/gate/gatherGateFacts';
import type { HostStanding } from '../operations/ask/hostStanding';
import { ownConfiguration } from '../operations/vip/keepalivedHost';

/** keepalived that somebody else set up is neither taken over nor overwritten. */
export async function keepalivedReasons(
  declared: { readonly vipAddresses?: readonly string[] },
  standings: readonly {
    readonly node: { readonly name: string };
    readonly standing: HostStanding;
  }[],
): Promise<readonly string[]> {
  if (declared.vipAddresses === undefined) return [];
  const answers = await Promise.all(
    standings.map(async ({ node, standing }) => {
      const host = standing.kind === 'absent' ? undefined : standing.host;
      const text =
        host === undefined ? undefined : await look(() => ownConfiguration(host, node.name));
      return text === undefined || isSeen(text) ? [] : [text.unseen];
    }),
  );
  return answers.flat();
}
