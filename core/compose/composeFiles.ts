import type { z } from 'zod';
import { parseComposeFile, type ComposeFile } from './composeDocument';
import { isRecord } from '../isRecord';
import type { ComposeFault, ComposePath } from './composeFault';
import { composeShape, forbiddenKeys, type ComposeShape } from './composeShape';
import { interpolate, type Variables } from './interpolate';

/** One file as it was read, before files are merged. */
export interface ComposePart {
  readonly file: string;
  readonly shape: ComposeShape;
  readonly has: (path: ComposePath) => boolean;
  readonly locate: (path: ComposePath) => string;
}

/** Reads files one by one: syntax, variables, shape. Every fault of all of them at once. */
export function readComposeFiles(
  files: readonly ComposeFile[],
  variables: Variables,
): { readonly parts: readonly ComposePart[]; readonly faults: readonly ComposeFault[] } {
  const parts: ComposePart[] = [];
  const faults: ComposeFault[] = [];
  for (const file of files) {
    const document = parseComposeFile(file);
    if (Array.isArray(document)) {
      faults.push(...document);
      continue;
    }
    const { locate } = document;
    const at = (path: ComposePath, reason: string): void => {
      faults.push({ at: locate(path), path, reason });
    };
    const known = faults.length;
    const filled = interpolate(document.value, variables);
    for (const { path, reason } of filled.faults) at(path, reason);
    const parsed = composeShape.safeParse(filled.value);
    if (!parsed.success) {
      for (const issue of parsed.error.issues) describe(issue, at);
    } else if (faults.length === known) {
      const has = (path: ComposePath): boolean => hasPath(document.value, path);
      parts.push({ file: file.name, shape: parsed.data, has, locate });
    }
  }
  return { parts, faults };
}

/** What the schema says, in our words and without the value. */
function describe(
  issue: z.core.$ZodIssue,
  fault: (path: ComposePath, reason: string) => void,
): void {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) {
      const isOfService = path.length === 2 && path[0] === 'services';
      const hint =
        isOfService && Object.hasOwn(forbiddenKeys, key) ? forbiddenKeys[key] : undefined;
      fault([...path, key], hint ?? 'is not known in a stack; remove it, or mend its name');
    }
  } else if (issue.code === 'invalid_key') {
    fault(path, 'is no name: letters, digits, `.`, `_` and `-` only');
  } else if (issue.code === 'invalid_type') {
    fault(path, `must be ${kinds[issue.expected] ?? issue.expected}`);
  } else {
    fault(path, issue.message);
  }
}

const kinds: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

function hasPath(value: unknown, path: ComposePath): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return true;
  if (Array.isArray(value)) return hasPath(value[Number(key)], rest);
  return isRecord(value) && Object.hasOwn(value, key) && hasPath(value[String(key)], rest);
}
