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
