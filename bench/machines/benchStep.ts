import { z } from 'zod';
import { parseJsonLines } from '../../demo/report/jsonLines';

/** What a step works on; the legend of the picture. */
export const stepKinds = [
  'image',
  'virtual IP',
  'membership',
  'machine',
  'engine',
  'waiting',
] as const;
export type StepKind = (typeof stepKinds)[number];

const benchStep = z.object({
  node: z.string(),
  kind: z.enum(stepKinds),
  label: z.string(),
  /** Milliseconds since the epoch. */
  fromMs: z.number(),
  toMs: z.number(),
});

/** One step of one node's turn, by the word of whoever did it. */
export type BenchStep = Readonly<z.infer<typeof benchStep>>;

/** What the floor script writes. @throws SwarmError `RawFileDamaged`. */
export function parseSteps(text: string): readonly BenchStep[] {
  return parseJsonLines('steps of the floor script', text, benchStep);
}

const logLine = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d),(\d{3}) [^|]*\| (.*)$/;
const title = /^(?:PLAY RECAP|PLAY|TASK)(?: \[(.*)\])?/;
/** What a task said of a node; one that was skipped did nothing. */
const outcome = /^(?:ok|changed|failed|fatal|FAILED - RETRYING): \[([^\] ]+)/;

/**
 * Steps of Ansible's log, whose tasks are called `KIND | LABEL`: a task lasts until the next one begins,
 * and the node is whose outcome comes first.
 */
export function stepsOfAnsible(log: string): readonly BenchStep[] {
  const tasks: { readonly atMs: number; readonly name: string; node?: string }[] = [];
  for (const line of log.split('\n')) {
    const [, day, time, fraction, text] = logLine.exec(line) ?? [];
    if (day === undefined || time === undefined || fraction === undefined) continue;
    const begun = title.exec(text ?? '');
    if (begun !== null) {
      tasks.push({ atMs: Date.parse(`${day}T${time}.${fraction}Z`), name: begun[1] ?? '' });
      continue;
    }
    const [, node] = outcome.exec(text ?? '') ?? [];
    const last = tasks.at(-1);
    if (last !== undefined && node !== undefined) last.node ??= node;
  }
  return tasks.flatMap(({ atMs, name, node }, index) => {
    const [kind, label] = name.split(' | ');
    const known = stepKinds.find((each) => each === kind);
    const next = tasks[index + 1];
    return node === undefined || known === undefined || label === undefined || next === undefined
      ? []
      : [{ node, kind: known, label, fromMs: atMs, toMs: next.atMs }];
  });
}
