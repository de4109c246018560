import type { z } from 'zod';
import { SwarmError, errorMessage } from '../../core/errors';

/**
 * Values of a JSON-lines file. A last line without its end, as a kill leaves it, is left out: it was
 * never written whole.
 *
 * @throws SwarmError `RawFileDamaged` for any other line that is not what `schema` says.
 */
export function parseJsonLines<T>(name: string, text: string, schema: z.ZodType<T>): readonly T[] {
  const lines = text.split('\n');
  lines.pop();
  return lines.map((line, index) => {
    try {
      return schema.parse(JSON.parse(line));
    } catch (cause) {
      throw new SwarmError(
        'RawFileDamaged',
        `${name}: line ${String(index + 1)} cannot be read (${errorMessage(cause)}); a report without it would hide what happened; move the file away and run again`,
        { source: 'world', cause },
      );
    }
  });
}
