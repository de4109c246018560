import * as fc from 'fast-check';

/** What a shell, an option parser or a configuration file would take for more than a value. */
const hostileValues: readonly string[] = [
  '$(touch /tmp/owned)',
  '`touch /tmp/owned`',
  '; touch /tmp/owned',
  '| tee /tmp/owned',
  '&& reboot',
  "it's",
  'a"b',
  "'; reboot; '",
  'a\nb',
  'a\r\nb',
  'a\n    script "/bin/sh -c reboot"',
  'eth0 {',
  '}',
  '# no comment',
  '! no comment',
  '$HOME',
  '${HOME}',
  '~root',
  '*',
  '--help',
  '-o',
  '-oProxyCommand=reboot',
  '@/etc/passwd',
  '../../etc/passwd',
  'a b',
  ' a',
  'a\t',
  'a\\',
  '\\',
  'a=b',
  'a,b',
  'a\0b',
  '\u001b[2J',
  '\u2028',
  '\u0007',
  '💥',
  'ä',
  '__proto__',
  'constructor',
  '10.88.0.11\n',
  '10.88.0.11; reboot',
  '10.88.0.100/24 dev lo',
  '10.88.0.100/24\n}',
  'x'.repeat(300),
];

/** Hostile values, near misses of good ones, and random text. */
export const hostileValue: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...hostileValues),
  fc.stringMatching(/^[$`"'\\!*?~ \n;&|<>(){}#=\-a-z0-9./]{1,20}$/),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
);

/** Each hostile value once, and many random ones. */
export function forHostileValues(check: (value: string) => void, numRuns = 200): void {
  for (const value of hostileValues) check(value);
  fc.assert(fc.property(hostileValue, check), { numRuns });
}
