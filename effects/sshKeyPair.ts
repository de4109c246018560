import { utils } from 'ssh2';
import { SwarmError } from '../core/errors';

/** Both halves of a key in OpenSSH's forms; the public one is a single line without its line end. */
export interface SshKeyPair {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** As `utils.generateKeyPairSync` of ssh2. */
export type KeyPairMaker = (
  type: 'ed25519',
  options: { comment: string },
) => { readonly public: string; readonly private: string };

/** One pair in 256 is malformed: so many in a row are a fault that trying again does not mend. */
const attempts = 8;

/**
 * Makes an ed25519 key pair that is known to work. ssh2 1.17 cuts the zero bytes at the start of a
 * public key off, so one pair in 256 is of a wrong length, and neither sshd nor ssh can read it.
 *
 * @throws SwarmError `KeyGenerationFailed`.
 */
export function generateSshKeyPair(
  comment: string,
  generate: KeyPairMaker = utils.generateKeyPairSync,
): SshKeyPair {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const made = generate('ed25519', { comment });
    const pair = { publicKey: made.public.trim(), privateKey: made.private };
    if (isUsableKeyPair(pair)) return pair;
  }
  throw new SwarmError(
    'KeyGenerationFailed',
    `SSH key ${JSON.stringify(comment)}: none of ${attempts} generated key pairs works; nothing was made with them; run again, and report it if it stays so`,
    { source: 'bug' },
  );
}

/** Whether both halves can be read, belong together, and verify what they sign. */
export function isUsableKeyPair({ publicKey, privateKey }: SshKeyPair): boolean {
  try {
    const secret = utils.parseKey(privateKey);
    const shown = utils.parseKey(publicKey);
    if (secret instanceof Error || shown instanceof Error) return false;
    if (!secret.isPrivateKey() || !secret.getPublicSSH().equals(shown.getPublicSSH())) return false;
    const message = 'swarm';
    // It returns an error, which its types do not tell, where it cannot verify at all.
    const isVerified: unknown = shown.verify(message, secret.sign(message));
    return isVerified === true;
  } catch {
    return false;
  }
}
