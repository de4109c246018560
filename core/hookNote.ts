import { hookActions } from './hooks';
import type { HookAction } from './hooks';
import type { Labels } from './labels';
import { hookNotePrefix } from './lease';

/**
 * Beside the lease, where it outlives the node: `before` of a node was begun, and `after` is due when the node
 * is back. Absent for a node that does not come back.
 */
export function withHookNote(labels: Labels, node: string, action: HookAction): Labels {
  return { ...labels, [`${hookNotePrefix}${node}`]: action };
}

/** What was begun around a node; undefined: nothing is due. A damaged note is due all the same. */
export function readHookNote(labels: Labels, node: string): HookAction | undefined {
  const text = labels[`${hookNotePrefix}${node}`];
  return text === undefined
    ? undefined
    : (hookActions.find((action) => action === text) ?? 'replace');
}

export function withoutHookNote(labels: Labels, node: string): Labels {
  const key = `${hookNotePrefix}${node}`;
  return Object.fromEntries(Object.entries(labels).filter(([name]) => name !== key));
}
