import { SwarmError } from '../../../core/errors';
import { isSeen } from '../../../core/facts';
import { describeLocalData, localDataChoice } from '../../../core/localData';
import type { LocalDataChoice } from '../../../core/localData';
import { declaredAs, parseRenames } from '../../../core/renames';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { look } from '../gate/gatherGateFacts';
import { askManager } from '../ask/managers';
import type { SwarmAccess } from '../ask/managers';

/**
 * A node that holds data of its own, or that cannot tell whether it does, is not rebuilt without a
 * choice: part of the first delete of its chain, before anything is touched.
 *
 * @throws SwarmError `LocalData` naming volumes and containers; `LocalDataUnknown` when nobody could look.
 */
export async function refuseLocalData(
  operation: Operation,
  access: SwarmAccess,
  node: { readonly name: string; readonly onLocalData?: LocalDataChoice },
  machine: Host | undefined,
): Promise<void> {
  if (node.onLocalData !== undefined) return;
  const data = await look(async () => {
    if (machine === undefined) throw new Error('its host or its engine does not answer');
    return machine.docker.localData();
  });
  const held = isSeen(data) ? describeLocalData(data.seen) : undefined;
  if (isSeen(data) && held === undefined) return;
  const { labels } = await askManager(operation, access, ({ docker }) => docker.swarm(), {
    avoid: [node.name],
  });
  if (localDataChoice(labels, declaredAs(node.name, parseRenames(labels))) !== undefined) return;
  const remedy =
    'declare `onLocalData: discard` for this node (or `keep`, where you keep it yourself)';
  throw isSeen(data)
    ? new SwarmError(
        'LocalData',
        `${node.name}: it holds ${held ?? ''}, which a rebuild would lose; nothing was touched; move the data away, or ${remedy}`,
        { source: 'user' },
      )
    : new SwarmError(
        'LocalDataUnknown',
        `${node.name}: whether it holds local data could not be looked at (${data.unseen}); nothing was touched; bring it back, or ${remedy}`,
        { source: 'user' },
      );
}
