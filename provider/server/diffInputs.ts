import { hasUnknown, isList, isMap } from './propertyValues';
import {
  unknown,
  type DiffResult,
  type Impact,
  type PropertyMap,
  type PropertyValue,
} from './resource';

/** What a change of one input means; `ignore` for what is known at run time only, like contacts. */
export type InputImpact = Impact | 'ignore';

/**
 * What changed between two sets of inputs, by a total table of their fields (use
 * `satisfies Record<keyof XInputs, InputImpact>`, so that no field can be forgotten).
 *
 * Paths go into maps (`labels.rack`); a list is one value. A new value that is unknown counts as a
 * change: only the identity of the link before of the same node may be `replace` there (see
 * docs/decisions/0001).
 */
export function diffInputs(
  table: Readonly<Record<string, InputImpact>>,
  old: PropertyMap,
  wanted: PropertyMap,
): DiffResult {
  const changes: Record<string, Impact> = {};
  const added: string[] = [];
  const removed: string[] = [];

  const compare = (
    path: string,
    impact: Impact,
    before: PropertyValue | undefined,
    after: PropertyValue | undefined,
  ): void => {
    if (isMap(before) && isMap(after)) {
      for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
        compare(propertyPath(path, key), impact, before[key], after[key]);
      }
      return;
    }
    if (isSame(before, after)) {
      return;
    }
    changes[path] = impact;
    if (before === undefined) {
      added.push(path);
    } else if (after === undefined) {
      removed.push(path);
    }
  };

  for (const [key, impact] of Object.entries(table)) {
    if (impact !== 'ignore') {
      compare(key, impact, old[key], wanted[key]);
    }
  }
  return { changes, added, removed };
}

/** Pulumi's property paths: keys that are no plain names are quoted. */
function propertyPath(parent: string, key: string): string {
  return /^[A-Za-z_$][\w$-]*$/.test(key) ? `${parent}.${key}` : `${parent}[${JSON.stringify(key)}]`;
}

function isSame(before: PropertyValue | undefined, after: PropertyValue | undefined): boolean {
  if (hasUnknown(before) || hasUnknown(after)) {
    return false;
  }
  if (isList(before) && isList(after)) {
    return (
      before.length === after.length && before.every((item, index) => isSame(item, after[index]))
    );
  }
  if (isMap(before) && isMap(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].every((key) =>
      isSame(before[key], after[key]),
    );
  }
  return before === after && before !== unknown;
}
