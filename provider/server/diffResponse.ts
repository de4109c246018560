import { DiffResponse, PropertyDiff } from '@pulumi/pulumi/proto/provider_pb';
import type { DiffResult, Impact, Resource } from './resource';

/**
 * A resource's diff for the engine. `deleteBeforeReplace` is always set: every link of a node's chain
 * holds a name, an address or a host that its successor takes over.
 */
export function renderDiff(resource: Resource, diff: DiffResult): DiffResponse {
  const response = new DiffResponse();
  const added = new Set(diff.added);
  const removed = new Set(diff.removed);
  const replaces = new Set<string>();
  const diffs = new Set<string>();
  for (const [path, impact] of Object.entries(diff.changes)) {
    const detail = new PropertyDiff();
    detail.setKind(kindOf(impact, added.has(path), removed.has(path)));
    const root = rootOf(path);
    detail.setInputdiff(root in resource.inputs);
    response.getDetaileddiffMap().set(path, detail);
    diffs.add(root);
    if (impact === 'replace') {
      replaces.add(root);
    }
  }
  response.setHasdetaileddiff(true);
  response.setDiffsList([...diffs]);
  response.setReplacesList([...replaces]);
  response.setDeletebeforereplace(true);
  response.setChanges(
    diffs.size === 0 ? DiffResponse.DiffChanges.DIFF_NONE : DiffResponse.DiffChanges.DIFF_SOME,
  );
  return response;
}

function kindOf(impact: Impact, isAdded: boolean, isRemoved: boolean): PropertyDiff.Kind {
  const isReplace = impact === 'replace';
  if (isAdded) {
    return isReplace ? PropertyDiff.Kind.ADD_REPLACE : PropertyDiff.Kind.ADD;
  }
  if (isRemoved) {
    return isReplace ? PropertyDiff.Kind.DELETE_REPLACE : PropertyDiff.Kind.DELETE;
  }
  return isReplace ? PropertyDiff.Kind.UPDATE_REPLACE : PropertyDiff.Kind.UPDATE;
}

/** `labels` of `labels.rack` and of `labels["a b"]`. */
function rootOf(path: string): string {
  return /^[^.[]+/.exec(path)?.[0] ?? path;
}
