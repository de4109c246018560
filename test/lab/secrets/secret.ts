/** Something that must be nowhere but in its own place. */
export interface Secret {
  /** What it is, for messages; not the value. */
  readonly name: string;
  readonly value: string;
}

/** Shorter texts are found by chance. */
const leastLength = 8;

/** A secret in every form in which a program may write it down. */
export function formsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value, 'utf8');
  const inJson = JSON.stringify(value).slice(1, -1);
  const base64 = [0, 1, 2].map((offset) => base64Within(bytes, offset));
  return [
    ...new Set([
      value,
      inJson,
      // JSON as a text within JSON, as Pulumi hands a configuration over.
      JSON.stringify(inJson).slice(1, -1),
      encodeURIComponent(value),
      bytes.toString('hex'),
      bytes.toString('hex').toUpperCase(),
      ...base64,
      ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    ]),
  ].filter((form) => form.length >= leastLength);
}

/** The characters that are the same whatever stands around the secret, `offset` bytes into a group of three. */
function base64Within(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
  return text.slice([0, 2, 3][offset], Math.floor(((offset + bytes.length) * 8) / 6));
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
