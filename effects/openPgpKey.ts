import { createHash } from 'node:crypto';
import { SwarmError } from '../core/errors';
import { fingerprintedBytes } from '../core/parse/openPgpKey';

/**
 * An armored public key whose fingerprint is the one that is expected, as it may be written down to be trusted.
 *
 * @throws SwarmError `RepositoryKeyRefused`.
 */
export function checkedKey(subject: string, armored: string, expected: string): string {
  const bytes = fingerprintedBytes(armored);
  const fingerprint =
    typeof bytes === 'string' ? undefined : createHash('sha1').update(bytes).digest('hex');
  const wanted = expected.replaceAll(' ', '').toLowerCase();
  if (fingerprint === wanted) return armored;
  throw new SwarmError(
    'RepositoryKeyRefused',
    `${subject}: ${typeof bytes === 'string' ? bytes : `its fingerprint is ${String(fingerprint).toUpperCase()}`}, and ${wanted.toUpperCase()} is expected; it was not trusted, and nothing was installed; find out whose it is before \`fingerprint\` is changed`,
    { source: 'user' },
  );
}
