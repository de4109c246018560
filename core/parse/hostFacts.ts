import type { HostFacts } from '../facts';
import { parseOsRelease } from './osRelease';

/**
 * Parses what the script of effects/hostFacts.ts prints: `key=value` lines, an empty line, and then
 * the host's os-release.
 *
 * @returns the facts, or the sentence that says what is missing.
 */
export function parseHostFacts(output: string): HostFacts | string {
  const [head = '', ...rest] = output.split('\n\n');
  const fields = new Map(
    head.split('\n').map((line): [string, string] => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1).trim()];
    }),
  );
  const text = (key: string): string => fields.get(key) ?? '';
  const missing = ['hostname', 'bootId', 'architecture', 'clockSeconds', 'freeBytes'].filter(
    (key) => text(key) === '',
  );
  if (missing.length > 0) {
    return `it did not tell its ${missing.join(', ')}`;
  }
  const unreadable = ['clockSeconds', 'freeBytes'].filter((key) => !/^\d{1,15}$/.test(text(key)));
  if (unreadable.length > 0) {
    return `its ${unreadable.join(', ')} is no number`;
  }
  const os = parseOsRelease(rest.join('\n\n'));
  if (os.id === '') {
    return 'it has no /etc/os-release';
  }
  return {
    hostname: text('hostname'),
    os: `${os.id}:${os.versionId}`,
    osLike: os.idLike,
    bootId: text('bootId'),
    architecture: text('architecture'),
    clockSeconds: Number(text('clockSeconds')),
    freeBytes: Number(text('freeBytes')),
    isPrivileged: true,
  };
}
