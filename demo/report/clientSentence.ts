import type { ClientSummary } from './clientRows';

/** What a roll may cost clients at most between two answers, in milliseconds. */
export const gapBoundMs = 100;

/** What the client saw, with every figure that a reader needs to judge it. */
export function clientSentence(client: ClientSummary): string {
  const { requests, failures, skipped, longestGapMs, longestPathGapMs, longestStallMs } = client;
  const sent = `${String(failures)} of ${String(requests)} requests failed`;
  const unsent = skipped === 0 ? '' : `, ${String(skipped)} were never sent`;
  return `${sent}${unsent}; longest gap ${ms(longestGapMs)}, ${
    longestGapMs <= gapBoundMs
      ? `none over ${ms(gapBoundMs)}`
      : `over ${ms(gapBoundMs)}; without the client's own stalls (longest ${ms(longestStallMs)}) ${ms(longestPathGapMs)}`
  }`;
}

function ms(value: number): string {
  return `${String(Math.round(value))} ms`;
}
