import { SwarmError } from '../../core/errors';
import { describeLocalData, localDataChoice } from '../../core/localData';
import type { LocalDataChoice } from '../../core/localData';
import type { Host } from '../../effects/effects';
import type { Operation } from '../server/resource';
import { askManager } from './managers';
import type { SwarmAccess } from './managers';

/**
 * A node that holds data of its own is not rebuilt without a choice: part of the first delete of its
 * chain, before anything is touched.
 *
 * @throws SwarmError `LocalData` naming volumes and containers.
 */
export async function refuseLocalData(
  operation: Operation,
  access: SwarmAccess,
  node: { readonly name: string; readonly onLocalData?: LocalDataChoice },
  machine: Host,
): Promise<void> {
  if (node.onLocalData !== undefined) return;
  const held = describeLocalData(await machine.docker.localData());
  if (held === undefined) return;
  const { labels } = await askManager(operation, access, ({ docker }) => docker.swarm(), {
    avoid: [node.name],
  });
  if (localDataChoice(labels, node.name) !== undefined) return;
  throw new SwarmError(
    'LocalData',
    `${node.name}: it holds ${held}, which a rebuild would lose; nothing was touched; ` +
      'move the data away, or declare `onLocalData: discard` for this node (or `keep`, where you keep it yourself)',
    { source: 'user' },
  );
}
