import { z } from 'zod';
import { SwarmError, errorMessage } from '../../core/errors';

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
