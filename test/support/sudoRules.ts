import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from './checkout';

/** The rules for a login user `swarm` as docs/security.md gives them, word for word. */
export function documentedSudoers(): string {
  const page = readFileSync(join(checkout, 'docs', 'security.md'), 'utf8');
  const block = /^```sudoers\n([^]*?)^```$/m.exec(page)?.[1];
  if (block === undefined) throw new Error('docs/security.md has no block of sudoers rules');
  return block;
}

/** One rule: a program, and a regular expression for the whole of its arguments. */
interface SudoRule {
  readonly program: string;
  readonly isAllowed: (argumentsText: string) => boolean;
}

/**
 * Whether rules allow a command, as far as sudo is needed for it: rules of the form
 * `swarm ALL=(root) NOPASSWD: /path/program ^regular expression$`. sudo compares all arguments at once,
 * joined by blanks.
 *
 * @throws Error for a line that is of no known form.
 */
export function sudoRules(text: string): (argv: readonly string[]) => boolean {
  const rules = text.split('\n').flatMap(readRule);
  return ([program = '', ...args]) => {
    const [named, joined] = [program.split('/').at(-1), args.join(' ')];
    return rules.some((rule) => rule.program === named && rule.isAllowed(joined));
  };
}

function readRule(line: string): readonly SudoRule[] {
  if (line.trim() === '' || line.startsWith('#') || line.startsWith('Defaults:swarm ')) return [];
  const match = /^swarm ALL=\(root\) NOPASSWD: (\/\S*\/)(\S+) (\^.*\$)$/.exec(line);
  if (match === null) throw new Error(`sudoers: ${line}: no rule of a known form`);
  const [, , program = '', expression = ''] = match;
  return [{ program, isAllowed: (given) => new RegExp(expression).test(given) }];
}
