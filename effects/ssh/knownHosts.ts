import { createHmac } from 'node:crypto';

/** A host's public key: its type, e.g. `ssh-ed25519`, and its wire form. */
export interface HostKey {
  readonly type: string;
  readonly blob: Buffer;
}

export interface KnownHostKeys {
  readonly trusted: readonly HostKey[];
  /** Keys under `@revoked`: refused even when another line trusts them. */
  readonly revoked: readonly HostKey[];
}

/**
 * Keys that a known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT") holds for a host: plain and
 * hashed names, `[host]:port`, wildcards, negation, several lines and key types for one host.
 * Certificate authorities are skipped: we check plain host keys only.
 */
export function knownHostKeys(text: string, host: string, port: number): KnownHostKeys {
  const name = port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${String(port)}`;
  const trusted: HostKey[] = [];
  const revoked: HostKey[] = [];
  for (const line of text.split('\n')) {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith('@') === true ? words.shift() : undefined;
    const [patterns, ...key] = words;
    if (patterns === undefined || patterns === '' || patterns.startsWith('#')) {
      continue;
    }
    const parsed = parseHostKey(key.join(' '));
    if (parsed === undefined || !matches(patterns, name)) {
      continue;
    }
    if (marker === undefined) {
      trusted.push(parsed);
    } else if (marker === '@revoked') {
      revoked.push(parsed);
    }
  }
  return { trusted, revoked };
}

/** Parses `ssh-ed25519 AAAA… comment`; undefined when it is not a public key line. */
export function parseHostKey(line: string): HostKey | undefined {
  const [type, base64] = line.trim().split(/\s+/);
  if (type === undefined || base64 === undefined) {
    return undefined;
  }
  const blob = Buffer.from(base64, 'base64');
  return keyType(blob) === type ? { type, blob } : undefined;
}

/** The type that a key's wire form begins with; empty when it is no key. */
export function keyType(blob: Buffer): string {
  const length = blob.length >= 4 ? blob.readUInt32BE(0) : 0;
  return blob.length >= 4 + length ? blob.toString('latin1', 4, 4 + length) : '';
}

function matches(patterns: string, name: string): boolean {
  const hashed = /^\|1\|([^|]+)\|([^|]+)$/.exec(patterns);
  if (hashed?.[1] !== undefined && hashed[2] !== undefined) {
    const hash = createHmac('sha1', Buffer.from(hashed[1], 'base64')).update(name).digest('base64');
    return hash === hashed[2];
  }
  const list = patterns.toLowerCase().split(',');
  const isNegated = list.some(
    (pattern) => pattern.startsWith('!') && isLike(pattern.slice(1), name),
  );
  return !isNegated && list.some((pattern) => isLike(pattern, name));
}

/** `*` and `?` as in a file name. Never by a regular expression: many stars take for ever. */
function isLike(pattern: string, name: string): boolean {
  let [at, next, star, resume] = [0, 0, -1, 0];
  while (at < name.length) {
    if (pattern[next] === '*') {
      [star, resume] = [next, at];
      next += 1;
    } else if (next < pattern.length && (pattern[next] === '?' || pattern[next] === name[at])) {
      at += 1;
      next += 1;
    } else if (star >= 0) {
      resume += 1;
      [at, next] = [resume, star + 1];
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(next));
}
