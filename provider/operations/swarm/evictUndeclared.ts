import { isEvictable, isSilent } from '../../../core/evictable';
import { steps } from '../../../core/steps';
import type { Operation } from '../../server/resource';
import { askManager } from '../ask/managers';
import type { SwarmAccess } from '../ask/managers';
import { demoteAndWait, removeEntry } from '../node/takeOut';

/**
 * Takes members out that nobody declares any more and that do not answer, at the head of a run: the
 * deletes of removed resources come at the end of it, and a dead member must not block every gate
 * until then. Only nodes that this package joined, and only silent ones or those that were demoted already;
 * by ID, never by name.
 */
export async function evictUndeclared(
  operation: Operation,
  access: SwarmAccess,
  declared: { readonly managers: readonly string[]; readonly workers: readonly string[] },
): Promise<void> {
  const names = [...declared.managers, ...declared.workers];
  const nodes = await askManager(operation, access, ({ docker }) => docker.nodes());
  const silent = nodes.filter((node) => isEvictable(node, names));
  for (const node of silent) {
    await operation.step(steps.evict(node.hostname), async () => {
      if (node.managerStatus !== undefined) {
        await demoteAndWait(operation, access, node.id, 60);
      }
      // One that answers stays a node until its own delete, at the end of the run, lets it leave.
      if (!isSilent(node)) return;
      await removeEntry(operation, access, node.id, { hasLeft: false, timeoutSeconds: 60 });
    });
  }
}
