import * as fc from 'fast-check';

/** Texts that nobody meant well: control characters, huge, nested, and near misses of our own formats. */
const nasty: readonly string[] = [
  '',
  '\0',
  '\n',
  '\r\n\r\n',
  '\u2028',
  '💥'.repeat(10),
  'null',
  '[]',
  '{}',
  '"x"',
  '1e999',
  '-1',
  '{"__proto__":{"id":"x","urn":"y"}}',
  '{"id":1,"urn":[]}',
  '{"id":"x"}',
  '['.repeat(50_000),
  '{"a":'.repeat(50_000),
  'a'.repeat(1_000_000),
  '1'.repeat(1_000_000),
  ':'.repeat(200_000),
  '-'.repeat(1_000_000),
  'raft: '.repeat(100_000),
  '# raised: takes over from '.repeat(20_000),
  'a=b\n'.repeat(100_000),
  '| '.repeat(200_000),
  '255.'.repeat(100_000),
  '$$::::$'.repeat(20_000),
  `${'+'.repeat(500_000)}\n`,
  `${'@'.repeat(500_000)}\n`,
  '~rc.'.repeat(100_000),
  "Version '1' for ".repeat(50_000),
  '*a'.repeat(20_000),
  '[['.repeat(100_000),
  ']:'.repeat(200_000),
  'm1=keep,'.repeat(100_000),
  'O=x\n'.repeat(100_000),
  'SWMTKN-1-'.repeat(50_000),
  '-----BEGIN PRIVATE KEY-----'.repeat(20_000),
  'http://a:'.repeat(50_000),
];

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...nasty),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ maxLength: 200 }),
  fc.json(),
);

/** Runs a check on every nasty text, and on many random ones. */
export function forHostileTexts(check: (text: string) => void): void {
  for (const text of nasty) check(text);
  fc.assert(fc.property(hostileText, check), { numRuns: 300 });
}

/** What stands in a JSON answer in place of what belongs there. */
const wrong: readonly unknown[] = [
  null,
  true,
  -1,
  1.5,
  1e300,
  '',
  'x'.repeat(100_000),
  '\u0000\n\u001b[2J',
  [],
  [[]],
  {},
  { a: { b: { c: {} } } },
];

/** Ways to spoil the JSON value at one place. */
type Change = (parent: Record<string, unknown> | unknown[], key: string) => void;

const changes: readonly Change[] = [
  ...wrong.map((value): Change => (parent, key) => {
    Reflect.set(parent, key, structuredClone(value));
  }),
  (parent, key) => {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else Reflect.deleteProperty(parent, key);
  },
  (parent, key) => {
    if (Array.isArray(parent)) parent.push(parent[Number(key)]);
    else Object.defineProperty(parent, '__proto__', { value: { [key]: 1 }, enumerable: true });
  },
  (parent, key) => {
    Reflect.set(parent, key, nested(2_000));
  },
];

function nested(depth: number): unknown {
  let value: unknown = 'deep';
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** A JSON text with one value after the other spoiled in every way: exhaustive, since samples are small. */
export function forSpoiltJson(sample: unknown, check: (text: string, path: string) => void): void {
  const paths = pathsOf(sample);
  for (const path of paths) {
    for (const change of changes) {
      const root = structuredClone(sample) as Record<string, unknown>;
      const parent = path
        .slice(0, -1)
        .reduce<Record<string, unknown>>(
          (place, key) => place[key] as Record<string, unknown>,
          root,
        );
      change(parent, path.at(-1) ?? '');
      check(JSON.stringify(root), path.join('.'));
    }
  }
}

function pathsOf(value: unknown): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [
    [key],
    ...pathsOf(item).map((path) => [key, ...path]),
  ]);
}

/** A text cut off at every place before its end. */
export function forCutTexts(text: string, check: (cut: string) => void): void {
  for (let end = 0; end < text.length; end += 1) check(text.slice(0, end));
}
