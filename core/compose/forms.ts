import { z } from 'zod';
import { isRecord } from '../isRecord';
import { parseBytes, parseCpus, parseDuration, shellWords } from './units';

/**
 * The forms that a value of a compose file may have, each read into one. A number or a switch in quotes
 * is taken for what it says: that is what interpolation and `docker compose config` make of them.
 */

/** `read` gives undefined for what is not of the form. */
export function form<T>(wanted: string, read: (value: unknown) => T | undefined): z.ZodType<T> {
  return z.unknown().transform((value, context): T => {
    const result = read(value);
    if (result !== undefined) return result;
    context.addIssue({ code: 'custom', message: `must be ${wanted}` });
    return z.NEVER;
  });
}

export const text = form('text', (value) => (typeof value === 'string' ? value : undefined));

export const nonEmptyText = form('text, and not empty', (value) =>
  typeof value === 'string' && value !== '' ? value : undefined,
);

const scalarText = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
};

/** A number where text is meant, e.g. a user ID. */
export const looseText = form('text', scalarText);

export const flag = form('true or false', (value) => {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  if (/^(?:y|yes|true|on)$/i.test(value)) return true;
  return /^(?:n|no|false|off)$/i.test(value) ? false : undefined;
});

export const whole = form('a whole number', (value) =>
  typeof value === 'number' && Number.isInteger(value)
    ? value
    : typeof value === 'string' && /^-?\d+$/.test(value)
      ? Number(value)
      : undefined,
);

export const count = form('a whole number of 0 or more', (value) => {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0
    ? number
    : undefined;
});

export const ratio = form('a number from 0 to 1', (value) => {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && number >= 0 && number <= 1 ? number : undefined;
});

/** A file mode: `0440`, or the same in quotes. */
export const fileMode = form('a file mode such as 0440', (value) => {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 ? value : undefined;
  const digits = typeof value === 'string' ? /^0?o?([0-7]{3,4})$/.exec(value)?.[1] : undefined;
  return digits === undefined ? undefined : Number.parseInt(digits, 8);
});

/** Nanoseconds. */
export const duration = form('a duration such as 1m30s', (value) =>
  typeof value === 'string' ? parseDuration(value) : undefined,
);

export const bytes = form('a size such as 512M', (value) =>
  typeof value === 'string'
    ? parseBytes(value)
    : typeof value === 'number' && Number.isInteger(value) && value >= 0
      ? value
      : undefined,
);

/** Billionths of a CPU. `docker compose config` writes a number where a stack has text. */
export const cpus = form('a number of CPUs such as "0.5"', (value) =>
  parseCpus(scalarText(value) ?? ''),
);

export function oneOf<T extends string>(...words: readonly T[]): z.ZodType<T> {
  return form(`one of ${words.join(', ')}`, (value) => words.find((word) => word === value));
}

function texts(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = value.map(scalarText);
  return items.every((item) => item !== undefined) ? items : undefined;
}

export const textList = form('a list of texts', texts);

export const textOrList = form('text or a list of texts', (value) =>
  typeof value === 'string' ? [value] : texts(value),
);

export const commandLine = form('a command line, or a list of its words', (value) =>
  typeof value === 'string' ? shellWords(value) : texts(value),
);

export const healthTest = form(
  'a command line, or a list that begins with CMD, CMD-SHELL or NONE',
  (value) =>
    typeof value === 'string'
      ? ['CMD-SHELL', value]
      : texts(value)?.every((word, index) => index > 0 || /^(?:CMD|CMD-SHELL|NONE)$/.test(word)) ===
          true
        ? texts(value)
        : undefined,
);

/** A map, or a list of `NAME=value`. A name alone has `null`. */
export const mapOrList = form('a map of texts, or a list of NAME=value', (value) => {
  if (Array.isArray(value)) {
    const items = texts(value);
    if (items === undefined) return undefined;
    return Object.fromEntries(
      items.map((item): [string, string | null] => {
        const [, name = item, given = null] = /^([^=]*)=([^]*)$/.exec(item) ?? [];
        return [name, given];
      }),
    );
  }
  if (!isRecord(value)) return undefined;
  const entries = Object.entries(value).map(([name, item]): [string, string | null | undefined] => [
    name,
    item === null ? null : scalarText(item),
  ]);
  return entries.every((entry): entry is [string, string | null] => entry[1] !== undefined)
    ? Object.fromEntries(entries)
    : undefined;
});

/** As `mapOrList`, where a name alone has the empty text. */
export const labels = mapOrList.transform((map) =>
  Object.fromEntries(Object.entries(map).map(([name, value]) => [name, value ?? ''])),
);

/** Docker's notation in a service: `IP name`. */
export const hosts = form('a map of names and IP addresses, or a list of name:IP', (value) => {
  const lines = isRecord(value)
    ? Object.entries(value).map(([name, ip]) => `${name}:${scalarText(ip) ?? ''}`)
    : texts(value);
  return lines?.map((line) => {
    const [, name = '', ip = ''] = /^([^=:]*)[=:](.*)$/.exec(line) ?? [];
    return `${/^\[.*\]$/.test(ip) ? ip.slice(1, -1) : ip} ${name}`;
  });
});

/** Drops the keys of a map that have no value: `command:` with nothing behind it says nothing. */
export function sparse<T extends z.ZodType>(schema: T): z.ZodPreprocess<T> {
  return z.preprocess(
    (value) =>
      isRecord(value)
        ? Object.fromEntries(
            Object.entries(value).filter(([name, item]) => item !== null && !name.startsWith('x-')),
          )
        : value,
    schema,
  );
}
