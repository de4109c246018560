import { appendFileSync, closeSync, openSync, readSync, statSync, watch } from 'node:fs';
import { parseJournal, type JournalLine } from '../../demo/report/journal';

/**
 * Calls back for every line that is written from now on, within a few milliseconds: soon enough to hit
 * the step that it begins. The callback's error is the caller's to keep: it must not throw.
 *
 * @returns what ends it, after one last look; safe to call again.
 */
export function followJournal(file: string, onLine: (line: JournalLine) => void): () => void {
  appendFileSync(file, '');
  const descriptor = openSync(file, 'r');
  let position = statSync(file).size;
  let rest = Buffer.alloc(0);
  const read = (): void => {
    const chunk = Buffer.alloc(65_536);
    for (;;) {
      const count = readSync(descriptor, chunk, 0, chunk.length, position);
      if (count === 0) return;
      position += count;
      rest = Buffer.concat([rest, chunk.subarray(0, count)]);
      const end = rest.lastIndexOf('\n') + 1;
      const lines = rest.subarray(0, end).toString('utf8');
      rest = rest.subarray(end);
      parseJournal(lines).forEach(onLine);
    }
  };
  const watcher = watch(file, read);
  let isClosed = false;
  return () => {
    if (isClosed) return;
    isClosed = true;
    watcher.close();
    read();
    closeSync(descriptor);
  };
}
