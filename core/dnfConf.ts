/** Where dnf, dnf-automatic and PackageKit read what they leave as it is. */
export const dnfConfPath = '/etc/dnf/dnf.conf';

const option = /^exclude(?:pkgs)?\s*=/;

/** Packages, by name or pattern, that `[main]` excludes from every transaction. */
export function excludedPackages(text: string | undefined): readonly string[] {
  return read(text ?? '').names;
}

/** The file with other exclusions, on one line; everything else in it stays word for word. */
export function withExclusions(
  text: string | undefined,
  change: { readonly add?: readonly string[]; readonly remove?: readonly string[] },
): string {
  const { names, rest, at } = read(text ?? '');
  const { add = [], remove = [] } = change;
  const wanted = [...new Set([...names.filter((name) => !remove.includes(name)), ...add])];
  if (wanted.length === names.length && wanted.every((name) => names.includes(name))) {
    return text ?? '';
  }
  const line = wanted.length === 0 ? [] : [`excludepkgs=${wanted.join(' ')}`];
  return [...rest.slice(0, at), ...line, ...rest.slice(at)].join('\n');
}

interface Exclusions {
  readonly names: readonly string[];
  /** All other lines, and where among them the exclusions are, or would be. */
  readonly rest: readonly string[];
  readonly at: number;
}

function read(text: string): Exclusions {
  const lines = text.split('\n');
  const main = lines.findIndex((line) => /^\[main\]\s*$/.test(line));
  if (main === -1) {
    const rest = [
      ...lines.slice(0, -1),
      ...lines.slice(-1).filter((line) => line !== ''),
      '[main]',
    ];
    return { names: [], rest: [...rest, ''], at: rest.length };
  }
  const next = lines.findIndex((line, index) => index > main && line.startsWith('['));
  const said: number[] = [];
  for (let index = main + 1; index < (next === -1 ? lines.length : next); index += 1) {
    const line = lines[index] ?? '';
    // A value goes on in lines that are moved in.
    const goesOn = said.at(-1) === index - 1 && /^[ \t]+\S/.test(line);
    if (option.test(line) || goesOn) said.push(index);
  }
  const values = said.map((index) => (lines[index] ?? '').replace(option, ''));
  return {
    names: [...new Set(values.join(' ').split(/[\s,]+/))].filter((name) => name !== ''),
    rest: lines.filter((_, index) => !said.includes(index)),
    at: said[0] ?? main + 1,
  };
}
