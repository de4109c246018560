import { probe } from './httpProbe';

/** What somebody saw of the counter in stacks/visits who asked it time and again. */
export interface VisitsSight {
  readonly asked: number;
  readonly counted: number;
  readonly first: number;
  readonly last: number;
  /** Every answer was larger than the one before: no visit was forgotten. */
  readonly isWhole: boolean;
}

const intervalMs = 250;
/** The counter gives a store that is silent one second, twice. */
const timeoutMs = 5000;

/** Asks the counter until it is stopped; stopping again gives the same. */
export function watchVisits(url: string): { stop(): Promise<VisitsSight> } {
  const numbers: number[] = [];
  let asked = 0;
  let isOver = false;
  const watch = async (): Promise<void> => {
    while (!isOver) {
      const { outcome, servedBy } = await probe(url, timeoutMs);
      asked += 1;
      if (outcome === 'ok') numbers.push(Number(servedBy));
      await new Promise((resolve) => setTimeout(resolve, intervalMs));
    }
  };
  const watching = watch();
  return {
    stop: async () => {
      isOver = true;
      await watching;
      return {
        asked,
        counted: numbers.length,
        first: numbers[0] ?? 0,
        last: numbers.at(-1) ?? 0,
        isWhole: numbers.length > 0 && numbers.every((each, at) => each > (numbers[at - 1] ?? 0)),
      };
    },
  };
}

export function visitsSentence({ asked, counted, first, last, isWhole }: VisitsSight): string {
  const count = isWhole
    ? 'none was forgotten'
    : counted === 0
      ? 'it never answered'
      : 'the count went back on its way';
  return `${String(counted)} of ${String(asked)} visits were counted, from ${String(first)} to ${String(last)}: ${count}`;
}
