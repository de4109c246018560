import { z } from 'zod';
import type { InputFailure } from './errors';
import { quoted } from './quoted';

/**
 * A fault that the schema found, as `path: value is …; what to do`. The issue must have been reported
 * with its input; values of an unlock key, a password or a stack's secrets, and below a connection, an environment or hooks, are never shown, since they may be secret.
 */
export function describeIssue(issue: z.core.$ZodIssue, schema: z.ZodType): InputFailure[] {
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, issue.path).join(', ');
    return issue.keys.map((key) => ({
      property: renderPath([...issue.path, key]),
      reason: `is not a known key; remove it, or use one of ${known}`,
    }));
  }
  return [{ property: renderPath(issue.path), reason: reasonOf(issue) }];
}

/** `managers[1].labels["a.b"]`; the whole configuration is `configuration`. */
export function renderPath(path: readonly PropertyKey[]): string {
  const text = path.reduce<string>((before, part) => {
    if (typeof part === 'number') return `${before}[${String(part)}]`;
    const key = String(part);
    if (!/^[A-Za-z_][\w-]{0,79}$/.test(key)) return `${before}[${quoted(key)}]`;
    return before === '' ? key : `${before}.${key}`;
  }, '');
  return text === '' ? 'configuration' : text;
}

/** What a value of each kind is called, and how it is asked for. */
const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

function reasonOf(issue: z.core.$ZodIssue): string {
  const value = shown(issue);
  const isMissing = issue.input === undefined;
  if (issue.code === 'invalid_type') {
    const wanted = kinds[issue.expected] ?? issue.expected;
    if (isMissing) return `is missing; give ${wanted}`;
    const isUnquoted = ['number', 'boolean'].includes(typeof issue.input);
    return issue.expected === 'string' && isUnquoted
      ? `${value} is no text; write it in quotes`
      : `${value} is not ${wanted}; give ${wanted}`;
  }
  if (issue.code === 'invalid_value') {
    return `${isMissing ? 'is missing' : `${value} is not possible`}; choose one of ${issue.values.join(', ')}`;
  }
  if (issue.code === 'too_small') {
    return `${value} is too small; give a number ${issue.inclusive === true ? 'from' : 'above'} ${String(issue.minimum)}`;
  }
  if (issue.code === 'too_big') {
    return `${value} is too large; give a number up to ${String(issue.maximum)}`;
  }
  // The schema's own words: `is no …; give …`.
  return `${value} ${issue.message}`;
}

const secretPaths: readonly string[] = [
  'connection',
  'environment',
  'hooks',
  'unlockKey',
  'password',
  'secrets',
  'secretVariables',
];

function shown({ path, input }: z.core.$ZodIssue): string {
  if (Array.isArray(input)) return 'a list';
  if (input === null) return 'an empty value';
  if (secretPaths.some((part) => path.includes(part))) return `a ${typeof input}`;
  if (typeof input === 'string') return quoted(input);
  return typeof input === 'number' || typeof input === 'boolean' ? String(input) : 'a map';
}

/** The keys that the schema knows at a path; none where it knows no map. */
function knownKeys(schema: unknown, path: readonly PropertyKey[]): readonly string[] {
  if (schema instanceof z.ZodOptional) return knownKeys(schema.unwrap(), path);
  const [next, ...rest] = path;
  if (schema instanceof z.ZodArray) return knownKeys(schema.element, rest);
  if (!(schema instanceof z.ZodObject)) return [];
  const shape = schema.shape as Readonly<Record<string, unknown>>;
  return next === undefined ? Object.keys(shape) : knownKeys(shape[String(next)], rest);
}
