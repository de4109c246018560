import { steps } from '../../core/steps';

export type StepName = keyof typeof steps;

/** The step that says this sentence; undefined: none of `core/steps.ts` does. */
export function nameOfStep(sentence: string): StepName | undefined {
  return patterns.find(({ pattern }) => pattern.test(sentence))?.name;
}

/** Those with the longest words of their own first: a demotion's sentence also begins another's. */
const patterns = (Object.keys(steps) as StepName[])
  .map((name) => ({ name, ...patternOf(name) }))
  .sort((a, b) => b.ownLetters - a.ownLetters);

function patternOf(name: StepName): { readonly pattern: RegExp; readonly ownLetters: number } {
  const say: (...names: string[]) => string = steps[name];
  const gap = '\0';
  const words = say(...Array.from({ length: say.length }, () => gap)).split(gap);
  return {
    pattern: new RegExp(`^${words.map(escaped).join('.+')}$`),
    ownLetters: words.join('').length,
  };
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
