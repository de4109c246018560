import { declaredManagersLabel, declaredNames, declaredWorkersLabel } from '../../../core/labels';
import { readBaseline, withoutBaseline } from '../../../core/lease';
import type { Operation } from '../../server/resource';
import { changeLeaseLabels, readLeaseLabels } from '../hold/lease';
import { askManager } from '../ask/managers';
import type { SwarmAccess } from '../ask/managers';

/**
 * Drops the baseline of a node that nobody declares any more: no Create follows that would wait for
 * it and drop it, and a later node of the same name would be measured by services of long ago.
 */
export async function forgetBaseline(
  operation: Operation,
  access: SwarmAccess,
  node: string,
): Promise<void> {
  if (readBaseline(await readLeaseLabels(operation, access), node) === undefined) return;
  const { labels } = await askManager(operation, access, ({ docker }) => docker.swarm(), {
    avoid: [operation.name],
  });
  const managers = declaredNames(labels, declaredManagersLabel);
  const workers = declaredNames(labels, declaredWorkersLabel);
  if (managers === undefined || workers === undefined) return;
  if (managers.includes(node) || workers.includes(node)) return;
  await changeLeaseLabels(operation, access, (old) => withoutBaseline(old, node));
}
