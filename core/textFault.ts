import type { InputFailure } from './errors';
import { quoted } from './quoted';

/** A fault of one text, which it shows; none for what is no text: its type is a fault of its own. */
export function textFault(
  property: string,
  value: unknown,
  isValid: (text: string) => boolean,
  reason: string,
): readonly InputFailure[] {
  return typeof value !== 'string' || isValid(value)
    ? []
    : [{ property, reason: `${quoted(value)} ${reason}` }];
}
