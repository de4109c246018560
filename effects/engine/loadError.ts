/**
 * The error in the progress of `POST /images/load`: one JSON object per line. The status is 200 by
 * the time that loading fails, so this is the only place where it is told.
 */
export function loadError(progress: string): string | undefined {
  for (const line of progress.split('\n')) {
    if (line.trim() === '') {
      continue;
    }
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      continue;
    }
    if (typeof message === 'object' && message !== null && 'error' in message) {
      return String(message.error);
    }
  }
  return undefined;
}
