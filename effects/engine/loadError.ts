/**
 * The error in the progress of `POST /images/load`: one JSON object per line. The status is 200 by
 * the time that loading fails, so this is the only place where it is told.
 */
export function loadError(progress: string): string | undefined {
  for (const line of progress.split('\n')) {
    // Only objects tell of an error, and a parser that fails on each of many lines takes its time.
    if (!line.trimStart().startsWith('{')) {
      continue;
    }
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      continue;
    }
    if (typeof message === 'object' && message !== null && 'error' in message) {
      // Whatever it is, an error was told; what is no text says nothing.
      return typeof message.error === 'string' ? message.error : 'an error without a sentence';
    }
  }
  return undefined;
}
