import type { JournalLine } from '../../demo/report/journal';
import { NotHeld } from '../verdict';
import { nameOfStep, type StepName } from './stepNames';

/** A step of one node's replacement: where a kill is to hit. */
export interface StepPoint {
  readonly step: StepName;
  readonly operation: JournalLine['operation'];
  /** Type of the resource, e.g. `Node`. */
  readonly resource: string;
  /** 1 for the first time that this operation takes the step in a run, 2 for the second. */
  readonly time: number;
}

/** E.g. `demote, in the delete of the Node`. */
export function describePoint({ step, operation, resource, time }: StepPoint): string {
  const again = time === 1 ? '' : `, time ${String(time)}`;
  return `${step}, in the ${operation} of the ${resource}${again}`;
}

export function isSamePoint(a: StepPoint, b: StepPoint): boolean {
  return describePoint(a) === describePoint(b);
}

/** Tells of each start of a step of this node which point it is. */
export class PointCounter {
  private readonly times = new Map<string, number>();

  constructor(private readonly node: string) {}

  /** @throws NotHeld for a step of the node that is none of `core/steps.ts`. */
  pointOf({ event, name, urn, operation, sentence }: JournalLine): StepPoint | undefined {
    const resource = urn.split('::').at(-2)?.split(':').at(-1) ?? '';
    if (event !== 'start' || name !== this.node) return undefined;
    const step = nameOfStep(sentence);
    if (step === undefined) {
      throw new NotHeld(`the step "${sentence}" of ${resource} ${name} is none of core/steps.ts`);
    }
    const key = `${operation} ${resource} ${step}`;
    const time = (this.times.get(key) ?? 0) + 1;
    this.times.set(key, time);
    return { step, operation, resource, time };
  }
}

/** Every step of a node in these lines, in order. */
export function pointsOf(lines: readonly JournalLine[], node: string): readonly StepPoint[] {
  const counter = new PointCounter(node);
  return lines.flatMap((line) => counter.pointOf(line) ?? []);
}
