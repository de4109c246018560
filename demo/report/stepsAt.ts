import type { JournalLine } from './journal';

/** The steps that ran at a moment, and since when; else the last end before it. */
export function stepsAt(journal: readonly JournalLine[], atMs: number): string {
  const running = new Map<string, JournalLine>();
  let last: JournalLine | undefined;
  for (const line of journal) {
    if (Date.parse(line.at) > atMs) break;
    last = line;
    const key = `${line.urn} ${line.sentence}`;
    if (line.event === 'start') running.set(key, line);
    else running.delete(key);
  }
  const since = (line: JournalLine): string =>
    `${((atMs - Date.parse(line.at)) / 1000).toFixed(1)} s`;
  if (running.size > 0) {
    return [...running.values()]
      .map((line) => `${since(line)} into "${line.sentence}"`)
      .join(' and ');
  }
  return last === undefined
    ? 'before the first step'
    : `${since(last)} after the end of "${last.sentence}"`;
}
