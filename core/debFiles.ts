import type { NamedPackage } from './packageFiles';

/** Debian Policy 5.6.1 and 5.6.12, with the colon of an epoch as apt writes it into names of files. */
const debName =
  /^([a-z0-9][a-z0-9.+-]{0,100})_((?:\d{1,9}(?::|%3[aA]))?\d[A-Za-z0-9.+~-]{0,200})_([a-z0-9-]{1,30})\.deb$/;

/** `PACKAGE_VERSION_ARCHITECTURE.deb`; undefined for a file that is no package by its name. */
export function parseDebName(file: string): NamedPackage | undefined {
  const [, name, version, architecture] = debName.exec(file) ?? [];
  return name === undefined || version === undefined || architecture === undefined
    ? undefined
    : { file, name, version: version.replace(/%3a/i, ':'), architecture };
}

/** Negative: `a` is older. By dpkg's rules (deb-version(7)); a missing epoch is 0. */
export function compareDebVersions(a: string, b: string): number {
  const [left, right] = [split(a), split(b)];
  return firstDifference(
    left.epoch - right.epoch,
    comparePart(left.upstream, right.upstream),
    comparePart(left.revision, right.revision),
  );
}

function firstDifference(...differences: readonly number[]): number {
  return differences.find((difference) => difference !== 0) ?? 0;
}

function split(version: string): {
  readonly epoch: number;
  readonly upstream: string;
  readonly revision: string;
} {
  const [, epoch = '0', rest = ''] = /^(?:(\d+):)?(.*)$/s.exec(version) ?? [];
  const at = rest.lastIndexOf('-');
  return {
    epoch: Number(epoch),
    upstream: at === -1 ? rest : rest.slice(0, at),
    revision: at === -1 ? '' : rest.slice(at + 1),
  };
}

/** Turn by turn: what is no digit by dpkg's order of letters, and then digits as a number. */
function comparePart(a: string, b: string): number {
  let [left, right] = [a, b];
  while (left !== '' || right !== '') {
    const [leftText, rightText] = [/^\D*/.exec(left)?.[0] ?? '', /^\D*/.exec(right)?.[0] ?? ''];
    const byText = compareText(leftText, rightText);
    if (byText !== 0) return byText;
    [left, right] = [left.slice(leftText.length), right.slice(rightText.length)];
    const [leftDigits, rightDigits] = [/^\d*/.exec(left)?.[0] ?? '', /^\d*/.exec(right)?.[0] ?? ''];
    const byNumber = compareDigits(leftDigits, rightDigits);
    if (byNumber !== 0) return byNumber;
    [left, right] = [left.slice(leftDigits.length), right.slice(rightDigits.length)];
  }
  return 0;
}

/** As texts of the same length: numbers in versions may be larger than a number can be exactly. */
function compareDigits(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  const byText = left < right ? -1 : left > right ? 1 : 0;
  return firstDifference(left.length - right.length, byText);
}

function compareText(a: string, b: string): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const difference = rank(a[at]) - rank(b[at]);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A tilde sorts before the end, letters before everything else. */
function rank(character: string | undefined): number {
  if (character === '~') return -1;
  if (character === undefined) return 0;
  const code = character.charCodeAt(0);
  return /[A-Za-z]/.test(character) ? code : code + 256;
}
