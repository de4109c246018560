import type { InputFailure } from './errors';
import { quoted } from './quoted';
import { textFault } from './textFault';

const kinds = ['tcp', 'http', 'command'] as const;

/** Every fault of one check of a user's, as it was declared. @param path e.g. `checks[0]`. */
export function vrrpCheckFaults(path: string, check: unknown): readonly InputFailure[] {
  // Of another shape: whoever reads the declaration says so.
  if (typeof check !== 'object' || check === null || Array.isArray(check)) return [];
  const given = check as Readonly<Record<string, unknown>>;
  const named = kinds.filter((kind) => given[kind] !== undefined);
  const at = (name: string): string => `${path}.${name}`;
  return [
    ...(named.length === 1
      ? []
      : [
          {
            property: path,
            reason:
              named.length === 0
                ? `says nothing to check; give one of ${kinds.join(', ')}`
                : `has both ${named.join(' and ')}; make them checks of their own`,
          },
        ]),
    ...['tcp', 'http'].flatMap((name) => whole(at(name), given[name], 1, 65535)),
    ...['intervalSeconds', 'timeoutSeconds'].flatMap((name) =>
      whole(at(name), given[name], 1, 3600),
    ),
    ...['fall', 'rise'].flatMap((name) => whole(at(name), given[name], 1, 100)),
    ...textFault(
      at('path'),
      given['path'],
      (text) => /^\/[A-Za-z0-9_.\/:=@,+%&?-]{0,255}$/.test(text),
      'is no path of a URL without special characters, such as "/health"',
    ),
    ...needless(at('path'), given['path'], given['http'], 'http'),
    ...vrrpCommandFaults(at('command'), given['command']),
  ];
}

/**
 * A command as an argv. keepalived cuts its line into words by itself, and gives quotes, braces, `#`, `!`
 * and `$` meanings of its own: whoever needs them writes a script and gives its path.
 */
export function vrrpCommandFaults(path: string, argv: unknown): readonly InputFailure[] {
  if (!Array.isArray(argv)) return [];
  const [program] = argv as readonly unknown[];
  return [
    ...(argv.length === 0
      ? [
          {
            property: path,
            reason: 'is empty; give a program by its whole path, and its arguments',
          },
        ]
      : []),
    ...(typeof program === 'string' && !program.startsWith('/')
      ? [
          {
            property: `${path}[0]`,
            reason: `${quoted(program)} is no whole path; give one such as "/usr/local/bin/check"`,
          },
        ]
      : []),
    ...(argv as readonly unknown[]).flatMap((one, index) =>
      textFault(
        `${path}[${String(index)}]`,
        one,
        (text) => /^[A-Za-z0-9_.\/:=@,+%-]{1,255}$/.test(text),
        'has characters that keepalived gives a meaning of its own; use letters, digits and _ . / : = @ , + % -, or write a script on the nodes and give its path',
      ),
    ),
  ];
}

function needless(
  property: string,
  value: unknown,
  owner: unknown,
  kind: string,
): readonly InputFailure[] {
  return value === undefined || owner !== undefined
    ? []
    : [{ property, reason: `has no meaning without \`${kind}\`; leave it out` }];
}

function whole(property: string, value: unknown, least: number, most: number): InputFailure[] {
  if (typeof value !== 'number') return [];
  return Number.isInteger(value) && value >= least && value <= most
    ? []
    : [
        {
          property,
          reason: `${String(value)} is no whole number within ${String(least)}–${String(most)}`,
        },
      ];
}
