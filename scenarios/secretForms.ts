/** Shorter texts are found by chance. */
export const leastLength = 8;

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
