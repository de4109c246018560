import { declaredManagersLabel, declaredNames, declaredWorkersLabel } from '../../../core/labels';
import { readHookNote, withoutHookNote } from '../../../core/hookNote';
import { readBaseline, withoutBaseline } from '../../../core/lease';
import type { Operation } from '../../server/resource';
import { changeLeaseLabels, readLeaseLabels } from '../hold/lease';
import { askManager } from '../ask/managers';
import type { SwarmAccess } from '../ask/managers';

/**
 * Drops what is kept of a node that nobody declares any more: no Create follows that would drop it, and a
 * later node of the same name would be measured by services of long ago, or run a hook for it.
 */
export async function forgetKept(
  operation: Operation,
  access: SwarmAccess,
  node: string,
): Promise<void> {
  const kept = await readLeaseLabels(operation, access);
  if (readBaseline(kept, node) === undefined && readHookNote(kept, node) === undefined) return;
  const { labels } = await askManager(operation, access, ({ docker }) => docker.swarm(), {
    avoid: [operation.name],
  });
  const managers = declaredNames(labels, declaredManagersLabel);
  const workers = declaredNames(labels, declaredWorkersLabel);
  if (managers === undefined || workers === undefined) return;
  if (managers.includes(node) || workers.includes(node)) return;
  await changeLeaseLabels(operation, access, (old) =>
    withoutHookNote(withoutBaseline(old, node), node),
  );
}
