import { leastLength } from '../../../scenarios/secretForms';

/** Something that must be nowhere but in its own place. */
export interface Secret {
  /** What it is, for messages; not the value. */
  readonly name: string;
  readonly value: string;
}

/** A private key line by line, without its first lines: those hold nothing that is only its own, or only what is public. */
export function keySecrets(name: string, pem: string): readonly Secret[] {
  const body = pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
  const own = body.slice(2).filter((line) => line.length >= leastLength);
  if (own.length < 2) throw new Error(`${name}: it is no private key in OpenSSH's form`);
  return own.map((value, index) => ({ name: `${name}, line ${index + 3}`, value }));
}

/** A join token, and the part of it that is the secret. */
export function tokenSecrets(name: string, token: string): readonly Secret[] {
  const [prefix, version, , part = ''] = token.split('-');
  if (prefix !== 'SWMTKN' || version !== '1' || part.length < leastLength) {
    throw new Error(`${name}: it is no join token`);
  }
  return [
    { name, value: token },
    { name: `${name}, secret part`, value: part },
  ];
}
