import {
  LineCounter,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type Document,
  type Node,
  type ScalarTag,
} from 'yaml';
import type { ComposeFault, ComposePath } from './composeFault';
import { isRecord } from '../isRecord';

/** One compose file as text. */
export interface ComposeFile {
  /** For messages: its path as the user wrote it. */
  readonly name: string;
  readonly text: string;
}

export interface ComposeDocument {
  /** The file as plain data, aliases and `<<` filled in. */
  readonly value: Readonly<Record<string, unknown>>;
  /** `prod.yml:12:5` of a path, or of the nearest thing around it. */
  readonly locate: (path: ComposePath) => string;
}

const maximumBytes = 1_048_576;
const maximumDepth = 64;
/** What aliases may blow a file up to. */
const maximumValues = 100_000;
const maximumAliases = 100;

/** The reader of docker/cli (go-yaml) takes `0444` for octal, YAML 1.2 does not: file modes are written so. */
const octal: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^[-+]?0[0-7]+$/,
  resolve: (text: string) => Number.parseInt(text, 8),
};

/** Reads one file; every fault of its syntax at once. */
export function parseComposeFile({ name, text }: ComposeFile): ComposeDocument | ComposeFault[] {
  const whole = (reason: string): ComposeFault[] => [{ at: name, path: [], reason }];
  if (text.length > maximumBytes) return whole(`is longer than ${String(maximumBytes)} characters`);
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      // Its own messages quote the lines around a fault, with whatever stands there.
      prettyErrors: false,
      merge: true,
      customTags: (tags) => [octal, ...tags],
      // `silent` would pass over a second document; warnings are printed by `warn` alone.
      logLevel: 'error',
    });
    if (document.errors.length > 0) {
      // The first fault of the syntax makes many more; a key that is there twice makes none.
      const first = document.errors.find(({ code }) => code !== 'DUPLICATE_KEY');
      return document.errors
        .filter((error) => error === first || error.code === 'DUPLICATE_KEY')
        .map(({ message, pos }) => ({
          at: `${name}:${place(lines, pos[0])}`,
          path: [],
          reason: message.replace(/:? ".*"/s, ''),
        }));
    }
    const locate = (path: ComposePath): string => `${name}:${place(lines, offset(document, path))}`;
    const value: unknown = document.toJS({ maxAliasCount: maximumAliases });
    const fault = findExcess(value);
    if (fault !== undefined) {
      return [{ at: locate(fault.path), path: fault.path, reason: fault.reason }];
    }
    if (!isRecord(value)) return whole('is no map of `services`, `networks` and so on');
    return { value, locate };
  } catch (error) {
    if (error instanceof RangeError) return whole('is nested too deep to be read');
    if (error instanceof ReferenceError) {
      return whole(
        `has an alias without its anchor, or aliases that multiply (more than ${String(maximumAliases)} times)`,
      );
    }
    throw error;
  }
}

interface Excess {
  readonly path: ComposePath;
  readonly reason: string;
}

/** What no compose file needs, and what would hurt further on: endless aliases, depth, names of JavaScript's own. */
function findExcess(root: unknown): Excess | undefined {
  let count = 0;
  const visit = (value: unknown, path: ComposePath): Excess | undefined => {
    count += 1;
    if (path.length > maximumDepth) {
      return { path: path.slice(0, 8), reason: 'is nested too deep, or holds an alias of itself' };
    }
    if (count > maximumValues) {
      return { path: path.slice(0, 8), reason: 'is too large once its aliases are filled in' };
    }
    if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
      return { path, reason: 'is too large for a number; write it in quotes' };
    }
    if (typeof value !== 'object' || value === null) return undefined;
    const entries: [string | number, unknown][] = Array.isArray(value)
      ? value.map((item: unknown, index) => [index, item])
      : Object.entries(value);
    for (const [key, item] of entries) {
      if (key === '__proto__') return { path, reason: 'has a key `__proto__`, which is no name' };
      const found = visit(item, [...path, key]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return visit(root, []);
}

function place(lines: LineCounter, position: number): string {
  const { line, col } = lines.linePos(position);
  return `${String(Math.max(line, 1))}:${String(Math.max(col, 1))}`;
}

/** Where a path begins: at the value, or at its key where the value goes over several lines. */
function offset(document: Document, path: ComposePath): number {
  let node: unknown = document.contents;
  let found = startOf(node) ?? 0;
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => keyText(item.key) === String(key));
      if (pair === undefined) return found;
      node = pair.value;
      found = (isScalar(node) ? startOf(node) : undefined) ?? startOf(pair.key) ?? found;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      found = startOf(node) ?? found;
    } else {
      return found;
    }
  }
  return found;
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : '';
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
