import { spawnSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { formsOf } from '../../../scenarios/secretForms';
import type { Secret } from './secret';

/** A secret where it must not be. */
export interface Finding {
  readonly secret: string;
  readonly place: string;
}

/** Names of the secrets that a text holds, in any form. */
export function secretsIn(text: string, secrets: readonly Secret[]): readonly string[] {
  return secrets
    .filter(({ value }) => formsOf(value).some((form) => text.includes(form)))
    .map(({ name }) => name);
}

export function searchText(
  place: string,
  text: string,
  secrets: readonly Secret[],
): readonly Finding[] {
  return secretsIn(text, secrets).map((secret) => ({ secret, place }));
}

/**
 * Every file below the paths that holds a secret, binary ones too.
 *
 * @param options.unless files that may hold what they hold, by their full path.
 */
export function searchTrees(
  paths: readonly string[],
  secrets: readonly Secret[],
  options: { readonly unless?: (file: string) => boolean } = {},
): readonly Finding[] {
  // By standard input: what is looked for must not be in the command line of the search itself.
  const forms = secrets.flatMap(({ value }) => formsOf(value)).join('\n');
  const found = spawnSync(
    'grep',
    [
      '--recursive',
      '--devices=skip',
      '--text',
      '--files-with-matches',
      '--null',
      '-F',
      '-f',
      '-',
      '--',
      ...paths,
    ],
    {
      input: forms,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, LC_ALL: 'C' },
    },
  );
  // 1: nothing found. 2: also when a file went while it was searched; what was read counts all the same.
  if (found.status === null || found.status > 2) throw new Error(`grep: ${found.stderr}`);
  const foreign = found.stderr
    .split('\n')
    .filter(
      (line) =>
        line !== '' &&
        !/No such file|No such process|docker\/netns\/\S+: Invalid argument/.test(line),
    );
  if (foreign.length > 0) throw new Error(`grep: ${foreign.join('; ')}`);
  return found.stdout
    .split('\0')
    .filter((file) => file !== '' && options.unless?.(file) !== true)
    .flatMap((file) => namesIn(file, secrets));
}

/** Which of them a file holds. */
function namesIn(file: string, secrets: readonly Secret[]): readonly Finding[] {
  return secrets
    .filter(({ value }) => {
      const { status } = spawnSync('grep', ['--text', '-qF', '-f', '-', '--', file], {
        input: formsOf(value).join('\n'),
        env: { ...process.env, LC_ALL: 'C' },
      });
      return status === 0;
    })
    .map(({ name }) => ({ secret: name, place: file }));
}

/** One line of a log that holds secrets. */
export interface LeakingLine {
  readonly line: string;
  readonly secrets: readonly string[];
}

/** Lines of a file, however long it is, that hold a secret. */
export async function searchLines(
  file: string,
  secrets: readonly Secret[],
): Promise<readonly LeakingLine[]> {
  const patterns = secrets.map(({ name, value }) => ({ name, forms: formsOf(value) }));
  const leaks: LeakingLine[] = [];
  for await (const line of createInterface({
    input: createReadStream(file),
    crlfDelay: Infinity,
  })) {
    const names = patterns
      .filter(({ forms }) => forms.some((form) => line.includes(form)))
      .map(({ name }) => name);
    if (names.length > 0) leaks.push({ line, secrets: names });
  }
  return leaks;
}
