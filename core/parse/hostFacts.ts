import type { HostFacts } from '../facts';
import { parseOsRelease } from './osRelease';

const word = /^[!-~]{1,253}$/;
const number = /^\d{1,15}$/;
/** What `uname -m` says where there is no dpkg. */
const debianWords: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' };
const forms: Readonly<Record<string, RegExp>> = {
  hostname: word,
  bootId: word,
  architecture: word,
  clockSeconds: number,
  freeBytes: number,
};

/**
 * Parses what the script of effects/hostFacts.ts prints: `key=value` lines, an empty line, and then
 * the host's os-release.
 *
 * @returns the facts, or the sentence that says what is missing.
 */
export function parseHostFacts(output: string): HostFacts | string {
  const [head = '', ...rest] = output.replaceAll('\r\n', '\n').split('\n\n');
  const fields = new Map<string, string>();
  for (const line of head.split('\n')) {
    const at = line.indexOf('=');
    const key = line.slice(0, Math.max(at, 0));
    // A host may call itself anything, a line end included: then a line is not what it says.
    if (fields.has(key)) return `it told its ${key.slice(0, 40)} twice`;
    fields.set(key, line.slice(at + 1).trim());
  }
  const text = (key: string): string => fields.get(key) ?? '';
  const missing = Object.keys(forms).filter((key) => text(key) === '');
  if (missing.length > 0) return `it did not tell its ${missing.join(', ')}`;
  const unreadable = Object.entries(forms).filter(([key, form]) => !form.test(text(key)));
  if (unreadable.length > 0) {
    const keys = unreadable.map(([key]) => key);
    const isNumber = keys.every((key) => key === 'clockSeconds' || key === 'freeBytes');
    return `its ${keys.join(', ')} is no ${isNumber ? 'number' : 'plain word'}`;
  }
  const os = parseOsRelease(rest.join('\n\n'));
  if (os.id === '') {
    return 'it has no /etc/os-release';
  }
  if (![os.id, os.versionId, os.codename, ...os.idLike].every(isOsWord))
    return 'its /etc/os-release is damaged';
  return {
    hostname: text('hostname'),
    os: `${os.id}:${os.versionId}`,
    osLike: os.idLike,
    codename: os.codename,
    bootId: text('bootId'),
    architecture: debianWords[text('architecture')] ?? text('architecture'),
    clockSeconds: Number(text('clockSeconds')),
    freeBytes: Number(text('freeBytes')),
    isPrivileged: true,
  };
}

/** os-release(5): lower-case letters, digits, dots, hyphens and underscores. */
function isOsWord(text: string): boolean {
  return /^[a-z0-9._-]{0,100}$/.test(text);
}
