import { z } from 'zod';
import { SwarmError, errorMessage } from '../../core/errors';

const scenarioRunRow = z.object({
  verdict: z.enum(['held', 'not held', 'not tried']),
  seconds: z.number(),
  /** What the scenario told of it, by name. */
  figures: z.record(z.string(), z.string()),
});

const scenarioRow = z.object({
  name: z.string(),
  number: z.number(),
  title: z.string(),
  holds: z.string(),
  done: z.array(z.string()),
  seen: z.array(z.string()),
  verdict: z.enum(['held', 'not held', 'not tried']),
  /** Why, when it is not `held`. */
  reason: z.string().optional(),
  seconds: z.number(),
  /** One by one, of a scenario that was run several times or tells figures. */
  runs: z.array(scenarioRunRow).optional(),
  /** OS and engine of the cluster that it began with, and the kernel of the computer. */
  os: z.string(),
  engine: z.string(),
  kernel: z.string(),
  /** Of this package; `+` when the checkout had changes. */
  commit: z.string(),
  /** When it ended, ISO 8601. */
  date: z.string(),
  command: z.string(),
});

/** How one scenario went, last time. */
export type ScenarioRow = Readonly<z.infer<typeof scenarioRow>>;

/**
 * One row of several runs of one scenario, at least one: the first that did not hold tells the verdict and
 * what was done and seen, else the last. Its seconds are those of all.
 */
export function combineRuns(rows: readonly ScenarioRow[]): ScenarioRow {
  const last = rows.at(-1);
  if (last === undefined) throw new Error('there was no run');
  if (rows.length === 1) return last;
  const telling = rows.find(({ verdict }) => verdict !== 'held') ?? last;
  // In the order of its fields, as it is read back from the page.
  return scenarioRow.parse({
    ...telling,
    seconds: Math.round(rows.reduce((sum, { seconds }) => sum + seconds, 0) * 10) / 10,
    runs: rows.flatMap(({ runs, verdict, seconds }) => runs ?? [{ verdict, seconds, figures: {} }]),
    date: last.date,
    command: `${last.command} --times ${rows.length}`,
  });
}

/** @throws SwarmError `ReportDamaged`. */
export function parseRows(json: string, subject: string): readonly ScenarioRow[] {
  try {
    return z.array(scenarioRow).parse(JSON.parse(json));
  } catch (cause) {
    throw new SwarmError(
      'ReportDamaged',
      `${subject}: cannot be understood (${errorMessage(cause)}); what ran before is unknown; remove it and run the scenarios again`,
      { source: 'user', cause },
    );
  }
}

/** Rows in the order of their numbers; of two for one scenario the later run counts. */
export function mergeRows(...lists: readonly (readonly ScenarioRow[])[]): readonly ScenarioRow[] {
  const rows = new Map<string, ScenarioRow>();
  for (const row of lists.flat()) {
    const present = rows.get(row.name);
    if (present === undefined || Date.parse(present.date) <= Date.parse(row.date)) {
      rows.set(row.name, row);
    }
  }
  return [...rows.values()]
    .sort((a, b) => a.name.localeCompare(b.name))
    .sort((a, b) => a.number - b.number);
}
