import { z } from 'zod';
import { parseJsonLines } from './jsonLines';

const journalLine = z.object({
  at: z.iso.datetime(),
  event: z.enum(['start', 'end']),
  operation: z.enum(['create', 'update', 'delete', 'read']),
  urn: z.string(),
  name: z.string(),
  sentence: z.string(),
  seconds: z.number().nonnegative().optional(),
  error: z.string().optional(),
});

/** One line of the provider's journal: a step's start or its end. */
export type JournalLine = z.infer<typeof journalLine>;

/** Lines of the provider's journal. @throws SwarmError `RawFileDamaged`. */
export function parseJournal(text: string): readonly JournalLine[] {
  return parseJsonLines('journal', text, journalLine);
}

export type StepOutcome = 'done' | 'failed' | 'interrupted';

/** One step of one operation, joined from its two lines. */
export interface JournalStep {
  /** Last part of the resource's URN. */
  readonly name: string;
  /** Resource's type without its package, e.g. `Engine`. */
  readonly resource: string;
  readonly operation: JournalLine['operation'];
  readonly startedAt: string;
  /** Until its end; of an interrupted step: until the journal's next line, or the end of the run. */
  readonly seconds: number;
  /** As the step said it; `(failed)` or `(interrupted)` is added when that is how it went. */
  readonly sentence: string;
  readonly outcome: StepOutcome;
}

/**
 * Steps that started from `startedAt` to `endedAt` (ISO 8601), in order of their start. A start
 * without an end is what a kill leaves: it is kept, since what was under way then is what a reader
 * looks for.
 */
export function journalSteps(
  lines: readonly JournalLine[],
  startedAt: string,
  endedAt: string,
): readonly JournalStep[] {
  const ends = new Set<JournalLine>();
  const steps: JournalStep[] = [];
  for (const [index, start] of lines.entries()) {
    if (start.event !== 'start' || isOutside(start.at, startedAt, endedAt)) continue;
    const end = findEnd(lines, index, ends);
    if (end !== undefined) ends.add(end);
    const lastedUntil = end?.at ?? lines[index + 1]?.at ?? endedAt;
    const seconds = end?.seconds ?? secondsBetween(start.at, lastedUntil);
    const outcome = outcomeOf(end);
    steps.push({
      name: start.urn.split('::').at(-1) ?? start.name,
      resource: resourceOf(start.urn),
      operation: start.operation,
      startedAt: start.at,
      seconds,
      sentence: outcome === 'done' ? start.sentence : `${start.sentence} (${outcome})`,
      outcome,
    });
  }
  return steps.sort((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
}

/** The step's own end: the first one not yet taken, unless the same step starts again before it. */
function findEnd(
  lines: readonly JournalLine[],
  startIndex: number,
  taken: ReadonlySet<JournalLine>,
): JournalLine | undefined {
  const start = lines[startIndex];
  for (const line of lines.slice(startIndex + 1)) {
    if (line.urn !== start?.urn || line.sentence !== start.sentence) continue;
    if (line.event === 'start') return undefined;
    if (!taken.has(line)) return line;
  }
  return undefined;
}

function outcomeOf(end: JournalLine | undefined): StepOutcome {
  if (end === undefined) return 'interrupted';
  return end.error === undefined ? 'done' : 'failed';
}

/** `urn:pulumi:stack::project::parent$swarm:index:Engine::m1` → `Engine`. */
function resourceOf(urn: string): string {
  return urn.split('::').at(-2)?.split(':').at(-1) ?? '';
}

export function secondsBetween(from: string, to: string): number {
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}

function isOutside(at: string, from: string, to: string): boolean {
  return Date.parse(at) < Date.parse(from) || Date.parse(at) > Date.parse(to);
}
