import { createHash, scryptSync } from 'node:crypto';
import type { Digests } from '../../../core/stack/stackPlan';

const characters = 10;
const text = (value: string): string =>
  createHash('sha256').update(value).digest('hex').slice(0, 16);

/**
 * For names that others see. That of a secret is slow to work out and salted with the stack's name and
 * the secret's: a short password cannot be found by trying.
 */
export function openDigests(stack: string): Digests {
  return {
    text,
    file: (kind, key, data) =>
      kind === 'config'
        ? createHash('sha256').update(data).digest('hex').slice(0, characters)
        : scryptSync(data, `${stack}/${key}`, characters / 2, { N: 16_384 }).toString('hex'),
  };
}

/** For comparing within one call: they go nowhere. */
export const inwardDigests: Digests = {
  text,
  file: (_kind, key, data) =>
    createHash('sha256').update(`${key}\n${data}`).digest('hex').slice(0, characters),
};
