import { z } from 'zod';
import { quorum } from '../../core/quorum';
import { parseJsonLines } from './jsonLines';

/** What one manager said about the members of its swarm. */
export interface ManagerAnswer {
  readonly members: number;
  readonly reachable: number;
}

/** One manager at one tick: its answer, or why there was none. `at` is the tick, in ISO 8601. */
export type ObserverRow = { readonly at: string; readonly manager: string } & (
  ManagerAnswer | { readonly error: string }
);

const observerRow = z.union([
  z.object({
    at: z.iso.datetime(),
    manager: z.string(),
    members: z.int().nonnegative(),
    reachable: z.int().nonnegative(),
  }),
  z.object({ at: z.iso.datetime(), manager: z.string(), error: z.string() }),
]);

/** Rows of the observer's raw file. @throws SwarmError `RawFileDamaged`. */
export function parseObserverRows(text: string): readonly ObserverRow[] {
  return parseJsonLines('observer file', text, observerRow);
}

/** The swarm at one tick, as seen by those managers that answered. */
export interface QuorumSample {
  readonly at: string;
  readonly members: number;
  readonly reachable: number;
}

export interface QuorumSummary {
  /** One entry per tick that any manager answered. */
  readonly samples: readonly QuorumSample[];
  /** Ticks that no manager answered, and how many of them came in a row at most. */
  readonly unanswered: { readonly samples: number; readonly longestRun: number };
  /** The same ticks as stretches, from the first tick without an answer to the next one with it (or the last tick). */
  readonly unansweredStretches: readonly { readonly from: string; readonly to: string }[];
  /** Answered samples in which less than a majority of the members was reachable. */
  readonly withoutMajority: readonly QuorumSample[];
}

/**
 * Joins the managers' answers tick by tick. Where they differ the worst view counts: the most members
 * and the fewest reachable ones. A tick without any answer says nothing about the majority: it is
 * counted apart and never filled in.
 */
export function summarizeQuorum(rows: readonly ObserverRow[]): QuorumSummary {
  const samples: QuorumSample[] = [];
  const stretches: { from: string; to: string }[] = [];
  let unanswered = 0;
  let run = 0;
  let longestRun = 0;
  for (const [at, answers] of answersByTick(rows)) {
    const stretch = stretches.at(-1);
    if (run > 0 && stretch !== undefined) stretch.to = at;
    if (answers.length === 0) {
      if (run === 0) stretches.push({ from: at, to: at });
      unanswered += 1;
      run += 1;
      longestRun = Math.max(longestRun, run);
    } else {
      run = 0;
      samples.push({ at, ...worstView(answers) });
    }
  }
  return {
    samples,
    unanswered: { samples: unanswered, longestRun },
    unansweredStretches: stretches,
    withoutMajority: samples.filter(({ members, reachable }) => reachable < quorum(members)),
  };
}

/** Whether a majority of the members was reachable in every answered sample; false when there is none. */
export function majorityHeld(summary: QuorumSummary): boolean {
  return summary.samples.length > 0 && summary.withoutMajority.length === 0;
}

function answersByTick(rows: readonly ObserverRow[]): [string, ManagerAnswer[]][] {
  const ticks = new Map<string, ManagerAnswer[]>();
  for (const row of rows) {
    const answers = ticks.get(row.at) ?? [];
    if (!('error' in row)) answers.push(row);
    ticks.set(row.at, answers);
  }
  return [...ticks].sort(([a], [b]) => Date.parse(a) - Date.parse(b));
}

function worstView(answers: readonly ManagerAnswer[]): ManagerAnswer {
  return {
    members: Math.max(...answers.map(({ members }) => members)),
    reachable: Math.min(...answers.map(({ reachable }) => reachable)),
  };
}
