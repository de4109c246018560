/** An rpm's version in full, `EPOCH:VERSION-RELEASE`, e.g. `3:28.5.2-1.el9`; an epoch that is left out is 0. */
export function fullRpmVersion(version: string): string {
  return /^\d+:/.test(version) ? version : `0:${version}`;
}

/** Negative: `a` is older. By rpm's rules (rpm-version(7)). */
export function compareRpmVersions(a: string, b: string): number {
  const [left, right] = [split(a), split(b)];
  for (const [index, part] of left.entries()) {
    const difference = comparePart(part, right[index] ?? '');
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Epoch, version, release. */
function split(version: string): readonly string[] {
  const [, epoch = '0', rest = ''] = /^(?:(\d+):)?(.*)$/s.exec(version) ?? [];
  const at = rest.lastIndexOf('-');
  return [epoch, at === -1 ? rest : rest.slice(0, at), at === -1 ? '' : rest.slice(at + 1)];
}

/** Piece by piece: a number is newer than letters, a tilde older than the end, a caret newer than it. */
function comparePart(a: string, b: string): number {
  const [left, right] = [pieces(a), pieces(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = comparePiece(left[at], right[at]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function pieces(part: string): readonly string[] {
  return part.match(/\d+|[A-Za-z]+|~|\^/g) ?? [];
}

function comparePiece(a: string | undefined, b: string | undefined): number {
  const byRank = rank(a) - rank(b);
  if (byRank !== 0 || a === undefined || b === undefined) return byRank;
  // As texts of the same length: numbers in versions may be larger than a number can be exactly.
  const [left, right] = [a, b].map((text) => (/^\d/.test(text) ? text.replace(/^0+/, '') : text));
  if (left === undefined || right === undefined || left === right) return 0;
  if (/^\d/.test(a) && left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : 1;
}

function rank(piece: string | undefined): number {
  if (piece === '~') return 0;
  if (piece === undefined) return 1;
  if (piece === '^') return 2;
  return /^\d/.test(piece) ? 4 : 3;
}
